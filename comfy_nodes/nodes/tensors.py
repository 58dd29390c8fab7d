"""Between ComfyUI's IMAGE (batch × height × width × channels, float 0-1) and our pictures."""

from collections.abc import Sequence

import numpy as np
import torch

from ..marks import Picture


def to_pictures(images: torch.Tensor) -> list[Picture]:
    """8 bits a channel, rounded; NaN, as a broken model gives, becomes black, alpha is dropped."""
    colours = images[..., :3].detach().nan_to_num(0.0)
    levels = (colours * 255).round_().clamp_(0, 255).to(torch.uint8).cpu().numpy()
    return [np.repeat(each, 3 // each.shape[-1], axis=-1) for each in levels]


def to_images(pictures: Sequence[Picture]) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).to(torch.float32) / 255
