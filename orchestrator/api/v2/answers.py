"""A job as the Imgen API v2 shows it."""

import base64
from collections.abc import Callable
from typing import Any

from orchestrator.edge_ports import Place
from orchestrator.models import Asset, AssetKind, Brand, Job, Status, Verdict

Link = Callable[[Asset], str]

RUN_FAILED = "Generation failed"


def public_id(job: Job) -> str:
    return f"{'cache' if job.source else 'run'}_{job.id.hex}"


def accepted(job: Job) -> dict[str, Any]:
    return {
        "id": public_id(job),
        "prompt": job.plan.raw,
        "model": job.plan.model,
        "format": job.request.output.format,
        "gen_id": job.plan.gen_id,
        **_cached(job),
    }


def cancelled(job: Job) -> dict[str, Any]:
    return {"id": public_id(job), "status": job.status}


def status(job: Job, link: Link, *, place: Place | None = None) -> dict[str, Any]:
    if not job.status.final:
        return _pending(job, place)
    if job.status is not Status.COMPLETED or job.verdict is None:
        return {"status": job.status, "error": RUN_FAILED, **_reason(job)}
    if not job.verdict.safe:
        return _blocked(job, job.verdict, link)
    return {"status": job.status, "meta": _meta(job, job.verdict, link), **_cached(job)}


def _reason(job: Job) -> dict[str, Any]:
    return {"reason": job.reason} if job.reason else {}


def _cached(job: Job) -> dict[str, Any]:
    return {"cache": True} if job.source else {}


def ended(job: Job, link: Link) -> dict[str, Any]:
    """As `status` would show it, for the caller's webhook; a blocked picture is not sent about."""
    shown = {"id": public_id(job), **status(job, link)}
    return {name: value for name, value in shown.items() if name != "unsafe_url"}


def _pending(job: Job, place: Place | None) -> dict[str, Any]:
    body: dict[str, Any] = {"status": job.status}
    if place is not None:
        body["position"] = place.position
        if place.wait is not None:
            body["wait"] = round(place.wait)  # seconds
    if job.progress is not None:
        body["progress"] = job.progress.model_dump()
    return body


def _blocked(job: Job, verdict: Verdict, link: Link) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": job.status,
        "compliance": "unsafe",
        "error": verdict.message,
        "filter_categories": list(verdict.rules),
    }
    pictures = [asset for asset in job.assets if asset.kind is AssetKind.SIGNED]
    if pictures and not verdict.floor:
        body["unsafe_url"] = base64.b64encode(link(pictures[0]).encode()).decode()
    return body


def _meta(job: Job, verdict: Verdict, link: Link) -> dict[str, Any]:
    plan, output = job.plan, job.request.output
    return {
        "id": public_id(job),
        "gen_id": plan.gen_id,
        "time": job.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "prompt": plan.raw,
        "positive": plan.texts.positive,
        "negative": plan.texts.negative,
        "character": plan.prompt.character,
        "model": plan.model,
        "style": plan.style,
        "width": output.width,
        "height": output.height,
        "format": output.format,
        "quality": output.quality,
        "lossless": output.lossless,
        "optimized": plan.optimized,
        **_compliance(job, verdict),
        **_provenance(job),
        "images": [_image(asset, link) for asset in job.assets],
        **_brand(job.request.brand),
        **{f"cs_{name}": text for name, text in job.request.credits.model_dump().items()},
        "seed": plan.seed,
        "steps": plan.steps,
        "cfg": plan.cfg,
        "sampler": plan.sampler,
        "scheduler": plan.scheduler,
        "template": plan.template,
        "template_digest": plan.template_digest,
    }


def _compliance(job: Job, verdict: Verdict) -> dict[str, Any]:
    return {
        "compliance": "safe",
        "compliance_codes": list(verdict.rules),
        "compliance_ruleset": verdict.ruleset,
        "compliance_unreviewed": verdict.unreviewed,
        "precompliance": job.request.precompliance,
    }


def _provenance(job: Job) -> dict[str, Any]:
    marked = all(kept.watermarked for kept in job.kept)
    return {
        "fingerprint": job.kept[0].facts.fingerprint,
        "enable_invisimark": marked,
        "enable_c2pa": True,
        "compute_pdq": True,
        "watermark_id": job.plan.watermark_id if marked else "",
    }


def _image(asset: Asset, link: Link) -> dict[str, Any]:
    return {"url": link(asset), "filename": asset.filename, "type": asset.kind}


def _brand(brand: Brand) -> dict[str, Any]:
    return {
        "wm_image": brand.sha256,  # never echoed
        "wm_position": brand.position,
        "wm_scale": brand.scale,
        "wm_transparency": brand.opacity,
        "wm_rotation": brand.rotation,
        "wm_padding_x": brand.padding_x,
        "wm_padding_y": brand.padding_y,
    }
