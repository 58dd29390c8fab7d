"""What is known of a file of weights without loading it."""

from enum import StrEnum

from orchestrator.models.value import Value


class Role(StrEnum):
    CHECKPOINT = "checkpoint"  # diffusion model, text encoder and VAE in one file
    DIFFUSION_MODEL = "diffusion_model"  # alone
    LORA = "lora"
    VAE = "vae"
    TEXT_ENCODER = "text_encoder"
    CLIP_VISION = "clip_vision"
    CONTROLNET = "controlnet"
    IP_ADAPTER = "ip_adapter"
    UPSCALER = "upscaler"
    EMBEDDING = "embedding"


class WeightFacts(Value):
    """One file, as its host reports it. The file is named by its path below the models folder, as
    in `checkpoints/anime/one.safetensors`."""

    size: int = 0  # bytes
    digest: str = ""  # SHA-256 of the content; empty: nobody has had to know
    role: Role | None = None  # None: not recognised
    family: str = ""  # `sdxl`, `flux`, …: which models it is or fits; empty: none, or unknown
    kind: str = ""  # within role and family: `inpaint`, `t5xxl`, …
    title: str = ""
    triggers: tuple[str, ...] = ()  # words that call what a LoRA has learned
    fault: str = ""  # why it can't be used; empty: it can
    note: str = ""  # what is wrong beside it; it can be used all the same
    pending: bool = False  # the fault may pass within seconds: somebody writes, or nobody has read
