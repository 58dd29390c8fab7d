"""What a signed picture says of itself: a C2PA 2.4 manifest, made from claims. Pure."""

import unicodedata
from datetime import UTC
from importlib.metadata import version
from typing import Any

from comfy_nodes.marks.watermark import BITS
from orchestrator.models import Claims, Credits

Json = dict[str, Any]

GENERATOR = "Imgen"
GENERATION = "org.imgen.generation"  # label of our own assertion
METADATA = "cawg.metadata"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
BY_MODEL = f"{SOURCE_TYPE}trainedAlgorithmicMedia"
WITH_PARTS = f"{SOURCE_TYPE}compositeWithTrainedAlgorithmicMedia"
WATERMARK = {"alg": "dwtDctSvd", "bits": BITS}
BRAND, PARENT = "brand", "parent"  # names of ingredients within one manifest

LINE = 256  # characters of a caller's text that are kept
PARAGRAPH = 2000

# Where a caller's words go: nobody but the caller vouches for them.
CREDIT_FIELDS = {
    "author": "dc:creator",
    "description": "dc:description",
    "organization": "dc:publisher",
    "vendor": "photoshop:Source",
}
CONTEXT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
}

# Nobody may learn from the picture or mine it without asking.
TRAINING = {
    f"cawg.{use}": {"use": "notAllowed"}
    for use in ("ai_generative_training", "ai_training", "ai_inference", "data_mining")
}


def picture_manifest(claims: Claims) -> Json:
    actions = [_created(claims)]
    ingredients = []
    if claims.branded:
        ingredients.append(_brand(claims))
        actions.append(_action("c2pa.placed", WITH_PARTS, ingredient=BRAND))
    generation = {**_generation(claims), "pdq": claims.fingerprint}
    if claims.watermark_id:
        actions.append({"action": "c2pa.watermarked.unbound"})
        generation["watermark"] = {**WATERMARK, "id": claims.watermark_id}
    return _manifest(claims, actions, generation) | {"ingredients": ingredients}


def thumbnail_manifest(claims: Claims) -> Json:
    """Of a small copy: what its parent is said to be is in the parent's own manifest. The parent
    is added to the builder as the ingredient PARENT."""
    actions = [
        _action("c2pa.opened", BY_MODEL, ingredient=PARENT),
        {"action": "c2pa.resized", "digitalSourceType": BY_MODEL},
    ]
    return _manifest(claims, actions, _generation(claims))


def parent_ingredient(claims: Claims) -> Json:
    return {"title": _title(claims), "relationship": "parentOf", "label": PARENT}


def _manifest(claims: Claims, actions: list[Json], generation: Json) -> Json:
    assertions = [
        _assertion("c2pa.actions.v2", {"actions": actions, "allActionsIncluded": True}),
        _assertion(GENERATION, generation),
        _assertion("cawg.training-mining", {"entries": TRAINING}, ours=False),
    ]
    credits_ = _credits(claims.credits)
    if credits_:
        data = {"@context": CONTEXT, **credits_}
        assertions.append(_assertion(METADATA, data, ours=False))
    generator = {"name": GENERATOR, "version": version("imgen"), "specVersion": "2.4"}
    return {
        "claim_generator_info": [generator],
        "title": _title(claims),
        "assertions": assertions,
    }


def _assertion(label: str, data: Json, *, ours: bool = True) -> Json:
    """`ours`: the signer itself vouches for it; else it only passes it on."""
    return {"label": label, "created": ours, "data": data}


def _created(claims: Claims) -> Json:
    return {
        "action": "c2pa.created",
        "digitalSourceType": BY_MODEL,
        "when": claims.made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": {"name": _clean(claims.model, limit=LINE)},
    }


def _action(name: str, source_type: str, *, ingredient: str) -> Json:
    return {
        "action": name,
        "digitalSourceType": source_type,
        "parameters": {"ingredientIds": [ingredient]},
    }


def _brand(claims: Claims) -> Json:
    """The caller's mark, named by its digest: we don't know where it comes from."""
    return {
        "title": "brand mark",
        "description": "visible mark given by the caller",
        "relationship": "componentOf",
        "instance_id": f"urn:sha256:{claims.brand_sha256}",
        "label": BRAND,
    }


def _generation(claims: Claims) -> Json:
    return {
        "job": str(claims.job),
        "gen_id": claims.gen_id,
        "template": claims.template_digest,
    }


def _title(claims: Claims) -> str:
    return _clean(claims.credits.title, limit=LINE) or claims.gen_id


def _credits(credits_: Credits) -> Json:
    return {
        label: text
        for name, label in CREDIT_FIELDS.items()
        if (text := _clean(getattr(credits_, name), limit=_limit(name)))
    }


def _limit(name: str) -> int:
    return PARAGRAPH if name == "description" else LINE


def _clean(text: str, *, limit: int) -> str:
    """One line without control characters and lone surrogates, cut to the limit."""
    line = " ".join(text.split())
    return "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs"))[:limit]
