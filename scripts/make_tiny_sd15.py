"""Write a small SD 1.5 checkpoint of random weights and a LoRA that fits it, for tests.

    comfyui/.venv/bin/python scripts/make_tiny_sd15.py comfyui/models

Run it with ComfyUI's interpreter. The pictures are noise, but everything that samples, loads and
patches is the real thing: a two-level UNet, the CLIP-L text encoder and TAESD as the VAE.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

CHECKPOINT = "tiny-sd15.safetensors"
LORA = "tiny-sd15-lora.safetensors"
VAE_GAIN = 0.75  # noise in, moderate colours out
ENCODER_GAIN = 1.05  # colours in, latents of about 1 out
LORA_RANK = 4
LORA_STRENGTH = 3.0  # of a patch, against the size of the weights that it changes
# Layers as LoRA files in the wild call them, with the width of their input and output.
LORA_LAYERS = {
    "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_v": 320,
    "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0": 320,
    "lora_te_text_model_encoder_layers_0_self_attn_q_proj": 768,
}
UNET = {
    "image_size": 32,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 320,
    "num_res_blocks": [1, 1],
    "channel_mult": [1, 1],
    "transformer_depth": [0, 1],
    "transformer_depth_output": [0, 0, 1, 1],
    "transformer_depth_middle": 1,
    "num_heads": 8,
    "context_dim": 768,
    "use_spatial_transformer": True,
    "legacy": False,
}
Weights = dict[str, torch.Tensor]


def main() -> int:
    arguments = parse_arguments()
    started = time.monotonic()
    load_comfyui()
    torch.set_grad_enabled(False)
    torch.manual_seed(arguments.seed)
    files = {"checkpoints": (CHECKPOINT, checkpoint), "loras": (LORA, lora)}
    for folder, (name, make) in files.items():
        weights = make()
        path = arguments.models / folder / name
        write(path, weights)
        count = sum(tensor.numel() for tensor in weights.values())
        print(
            f"{path}: {count / 1e6:.1f} million weights, {path.stat().st_size / 1e6:.0f} MB, "
            f"{time.monotonic() - started:.1f} s",
            flush=True,
        )
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, help="ComfyUI's models folder")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default: 0)")
    return parser.parse_args()


def load_comfyui() -> None:
    """ComfyUI reads the command line when it is imported; without --cpu it wants a GPU."""
    sys.argv[1:] = ["--cpu"]
    import comfy.options  # noqa: PLC0415

    comfy.options.enable_args_parsing()


def checkpoint() -> Weights:
    from comfy import ops, sd1_clip  # noqa: PLC0415 - after the command line is set
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel  # noqa: PLC0415
    from comfy.taesd.taesd import TAESD  # noqa: PLC0415

    unet = UNetModel(**UNET, dtype=torch.float32, operations=ops.disable_weight_init)
    parts = {
        "model.diffusion_model.": drawn(unet),
        "cond_stage_model.transformer.": drawn(sd1_clip.SD1ClipModel().clip_l.transformer),
        "first_stage_model.": vae(TAESD()),
    }
    return {
        prefix + name: tensor for prefix, part in parts.items() for name, tensor in part.items()
    }


def vae(module: torch.nn.Module) -> Weights:
    weights = drawn(module, gain=VAE_GAIN)
    for name, tensor in weights.items():
        if name.startswith("taesd_encoder.") and tensor.dim() > 1:
            tensor.mul_(ENCODER_GAIN / VAE_GAIN)
    weights["taesd_decoder.19.bias"].fill_(0.5)  # around middle grey
    return weights


def drawn(module: torch.nn.Module, *, gain: float = 1.0) -> Weights:
    """Random weights that keep signals at their size, or multiply it, from layer to layer."""
    weights = {name: torch.empty(t.shape) for name, t in module.state_dict().items()}
    for name, tensor in weights.items():
        if tensor.dim() > 1:
            tensor.normal_(0, gain / math.sqrt(tensor[0].numel()))
        else:
            tensor.fill_(0 if name.endswith("bias") else 1)
    return {name: tensor.half() for name, tensor in weights.items()}


def lora() -> Weights:
    weights: Weights = {}
    for layer, width in LORA_LAYERS.items():
        scale = LORA_STRENGTH / math.sqrt(width)
        weights[f"{layer}.lora_down.weight"] = torch.randn(LORA_RANK, width).half()
        weights[f"{layer}.lora_up.weight"] = (torch.randn(width, LORA_RANK) * scale).half()
        weights[f"{layer}.alpha"] = torch.tensor(float(LORA_RANK))
    return weights


def write(path: Path, weights: Weights) -> None:
    """All or nothing: whoever watches the folder never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(weights, unfinished)
    unfinished.replace(path)


if __name__ == "__main__":
    sys.exit(main())
