"""Makes each adapter from the settings."""

from pydantic import SecretStr

from comfy_nodes.marks import VERSION as PACK_VERSION
from orchestrator.api.sign_in import Sessions
from orchestrator.catalog import Catalog, Memory, Weights
from orchestrator.comfy import Endpoint, External, Limits, Managed, Pool
from orchestrator.compliance import Reviewers
from orchestrator.credentials import (
    C2paSigner,
    Chain,
    development_chain,
    operator_chain,
)
from orchestrator.edge_ports import WeightSource
from orchestrator.jobs.cache_records import CacheRecords
from orchestrator.jobs.database import Database
from orchestrator.jobs.ledger import JobLedger, QueueLimits
from orchestrator.jobs.retention import Ages
from orchestrator.llm import BuiltinEnhancer, Chat, ChatEnhancer
from orchestrator.ports import Cache, Enhancer, Policy, Ports, Storage
from orchestrator.private_files import lasting_secret
from orchestrator.prompts.texts import check as check_text
from orchestrator.settings import HOME, Settings
from orchestrator.storage import LocalStorage, S3Options, S3Storage
from orchestrator.verify import KeyedMarks
from orchestrator.wiring.audit import LiveAudit
from orchestrator.wiring.database import make_data_dir


def make_ledger(database: Database, settings: Settings) -> JobLedger:
    limits = settings.limits
    return JobLedger(
        database,
        QueueLimits(
            waiting=limits.waiting,
            life=limits.life,
            fairness=limits.fairness,
            free=limits.free_at_once,
            pro=limits.pro_at_once,
        ),
    )


def make_ages(settings: Settings) -> Ages:
    kept = settings.retention
    return Ages(jobs=kept.jobs, assets=kept.assets, blocked=kept.blocked, verdicts=kept.verdicts)


def make_weights(settings: Settings) -> Weights:
    make_data_dir(settings)
    return Weights(settings.models_dir, memory=Memory(settings.data_dir / "weights.json"))


def make_catalog(settings: Settings, *, weights: WeightSource | None = None) -> Catalog:
    """`weights`: where they lie, if not in the models folder of this host."""
    return Catalog(
        settings.workflows_dir,
        settings.models_dir,
        default_model=settings.default_model,
        check_text=check_text,
        weights=weights or make_weights(settings),
    )


def make_sessions(settings: Settings) -> Sessions:
    return Sessions(_secret(settings, "session_key"))


def make_storage(settings: Settings, url: str) -> LocalStorage | S3Storage:
    if settings.s3.bucket:
        return S3Storage(S3Options(**settings.s3.revealed()))
    secret = _secret(settings, "link_key")
    return LocalStorage(settings.assets_dir or settings.data_dir, public_url=url, secret=secret)


def make_pool(settings: Settings) -> Pool:
    external = [
        External(name=f"external {number}", endpoint=Endpoint(url))
        for number, url in enumerate(settings.comfyui_urls, 1)
    ]
    return Pool(
        external or [managed_comfyui(settings)],
        pack_version=PACK_VERSION,
        limits=Limits(
            run=settings.limits.running.total_seconds(),
            memory=settings.limits.comfyui_memory,
            runs=settings.limits.comfyui_runs,
        ),
    )


def managed_comfyui(settings: Settings) -> Managed:
    home = HOME / "comfyui"
    return Managed(
        name="comfyui",
        directory=settings.data_dir.absolute() / "comfyui",
        launcher=home / "launch.py",
        python=settings.comfyui_python or home / ".venv" / "bin" / "python",
        models=settings.models_dir,
        pack=HOME / "comfy_nodes",
        checkout=settings.comfyui_path,
        port=settings.comfyui_port,
    )


def make_ports(
    settings: Settings,
    *,
    catalog: Catalog,
    audit: LiveAudit,
    ledger: JobLedger,
    storage: Storage,
    cache: Cache,
) -> Ports:
    return Ports(
        policy=Policy(
            unknown_character=settings.unknown_character,
            longest_prompt=settings.limits.prompt,
        ),
        catalog=catalog,
        audit=audit,
        ledger=ledger,
        queue=ledger,
        compliance=make_compliance(settings),
        marks=make_marks(settings),
        signer=C2paSigner(lambda: signing_chain(settings)),
        storage=storage,
        enhancer=make_enhancer(settings),
        cache=cache,
        hits=CacheRecords(ledger.database),
    )


def make_compliance(settings: Settings) -> Reviewers:
    return Reviewers(
        settings.workflows_dir / "rulesets",
        hash_lists=settings.compliance.hash_lists or settings.data_dir / "hashes",
        accept_unreviewed=settings.compliance.accept_unreviewed,
        time_limit=settings.compliance.time_limit,
    )


def make_enhancer(settings: Settings) -> Enhancer:
    llm = settings.llm
    if not llm.base_url:
        return BuiltinEnhancer()
    return ChatEnhancer(
        Chat(
            llm.base_url,
            model=llm.model,
            api_key=llm.api_key.get_secret_value() if llm.api_key else "",
            time_limit=llm.time_limit,
        )
    )


def make_marks(settings: Settings) -> KeyedMarks:
    return KeyedMarks(_secret(settings, "watermark_key"))


def signing_chain(settings: Settings) -> Chain:
    files = settings.credentials
    if files.certificate and files.key:
        return operator_chain(files.certificate, files.key, anchors=files.anchors)
    return development_chain(settings.data_dir / "credentials")


def _secret(settings: Settings, name: str) -> bytes:
    """The operator's, else one of this installation's own that is made when first needed."""
    given: SecretStr | None = getattr(settings.secrets, name)
    if given is not None:
        return given.get_secret_value().encode()
    return lasting_secret(settings.data_dir / "secrets" / name)
