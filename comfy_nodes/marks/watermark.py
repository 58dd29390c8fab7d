"""An invisible 96-bit mark that the stock `invisible-watermark` decoder (`dwtDctSvd`) reads.

The mark lives in the blue chroma (U). One Haar step halves the plane; of each 4×4 block of its
low-pass band, 8×8 pixels, the largest singular value is moved to the nearest lattice point that
says the block's bit. The stock code takes a DCT of the block first: that is orthogonal and leaves
singular values alone, so it is left out here, as is the rest of the decomposition: moving the
largest singular value by d adds d·u·vᵀ. Luma does not change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import Picture

BITS = 96
BLOCK = 8  # pixels; what is left over at the right and bottom edge carries nothing
LATTICE = 36.0  # distance of lattice points that say the same bit, as in the stock decoder
TOLERATED_LOSS = LATTICE / 6  # a bit is misread from LATTICE / 4 off its lattice point
POWER_ITERATIONS = 2  # the blocks are close to rank one: U is offset by 128

U_OF_RGB = np.array([-0.14713, -0.28886, 0.436], np.float32)
BLUE_PER_U, GREEN_PER_U = 2.032, -0.395  # a change of U that keeps luma and red
BLUE_PER_SHIFT = BLUE_PER_U / BLOCK  # of a flat block, per unit of its singular value

# Rounding thresholds of a 2×2 cell: its mean change is exact to a quarter of a level.
DITHER = np.array([[0.125, 0.625], [0.875, 0.375]], np.float32)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What the pixels say. Every picture reads as something: only the payload's own check, a
    keyed code, tells a mark from chance."""

    votes: Floats  # one a bit, -1 (surely 0) to 1 (surely 1); 0 where no block carries the bit

    @property
    def payload(self) -> str:
        """24 hex digits, most significant bit first."""
        return np.packbits(self.votes > 0).tobytes().hex()


def embed(rgb: Picture, payload: str) -> Picture:
    """A copy that carries the payload of 24 hex digits.

    A picture of fewer than 96 blocks holds a part of it, one smaller than a block nothing.
    Raises ValueError if the payload is anything else.
    """
    bits = _bits(payload)
    marked = rgb.copy()
    whole = _whole_blocks(marked)
    if whole.size:
        u, s, v = _leading_triplet(_low_pass(whole))
        shift = _nearest_point(s, np.resize(bits, s.size)) - s
        shift = _within_gamut(shift, whole[..., 2])
        _change_u(whole, shift * u[:, None] * v[None])
    return marked


def decode(rgb: Picture) -> Reading:
    """The mean vote of all blocks that carry a bit, for each bit."""
    whole = _whole_blocks(rgb)
    if not whole.size:
        return Reading(np.zeros(BITS, np.float32))
    _, s, _ = _leading_triplet(_low_pass(whole))
    bit = np.arange(s.size) % BITS
    total = np.bincount(bit, -np.sin(2 * np.pi * s / LATTICE), BITS)
    count = np.bincount(bit, minlength=BITS)
    return Reading((total / np.maximum(count, 1)).astype(np.float32))


def _bits(payload: str) -> NDArray[np.uint8]:
    data = bytes.fromhex(payload)
    if len(data) * 8 != BITS:
        raise ValueError(f"a payload has {BITS // 4} hex digits, not {len(payload)}")
    return np.unpackbits(np.frombuffer(data, np.uint8))


def _whole_blocks(rgb: Picture) -> Picture:
    height, width = rgb.shape[:2]
    return rgb[: height // BLOCK * BLOCK, : width // BLOCK * BLOCK]


def _low_pass(rgb: Picture) -> Floats:
    """Haar low-pass band of U in blocks, 4 × 4 × blocks; blocks in reading order."""
    rows, columns = rgb.shape[0] // BLOCK, rgb.shape[1] // BLOCK
    pairs = np.add(rgb[0::2], rgb[1::2], dtype=np.uint16)  # of rows
    cells = pairs.reshape(-1, 3 * BLOCK).astype(np.float32) @ _cell_weights() + 2 * 128
    band = cells.reshape(rows, 4, columns, 4).transpose(1, 3, 0, 2)
    return np.ascontiguousarray(band).reshape(4, 4, rows * columns)


def _cell_weights() -> Floats:
    """From 8 RGB pixels, each the sum of two rows, to 4 Haar coefficients of U."""
    return np.kron(np.eye(4, dtype=np.float32), np.tile(U_OF_RGB / 2, 2)[:, None])


def _leading_triplet(blocks: Floats) -> tuple[Floats, Floats, Floats]:
    """Largest singular value of each block with its vectors (4 × blocks), by power iteration."""
    v = blocks.sum(axis=0)
    v /= np.sqrt((v * v).sum(axis=0))
    for _ in range(POWER_ITERATIONS):
        u = np.einsum("ijn,jn->in", blocks, v)
        u /= np.sqrt((u * u).sum(axis=0))
        v = np.einsum("ijn,in->jn", blocks, u)
        s = np.sqrt((v * v).sum(axis=0))
        v /= s
    return u, s, v


def _nearest_point(s: Floats, bits: NDArray[np.uint8]) -> Floats:
    offset = (0.25 + 0.5 * bits.astype(np.float32)) * np.float32(LATTICE)
    return np.rint((s - offset) / LATTICE) * np.float32(LATTICE) + offset


def _within_gamut(shift: Floats, blue: NDArray[np.uint8]) -> Floats:
    """The same shift, or that to the next lattice point the other way where blue, which takes
    nearly all of the change, would be clipped so much that the bit is in doubt."""
    blocks = blue.reshape(blue.shape[0] // BLOCK, BLOCK, -1)
    highest = blocks.max(axis=1).reshape(-1, BLOCK).max(axis=1)
    lowest = blocks.min(axis=1).reshape(-1, BLOCK).min(axis=1)
    room_up, room_down = (255 - highest) / BLUE_PER_SHIFT, lowest / BLUE_PER_SHIFT
    other = shift - np.copysign(np.float32(LATTICE), shift)
    lost = np.where(shift > 0, shift - room_up, -shift - room_down)
    lost_other = np.where(other > 0, other - room_up, -other - room_down)
    turn = (lost > TOLERATED_LOSS) & (lost_other < lost)
    return np.where(turn, other, shift).astype(np.float32)


def _change_u(rgb: Picture, change: Floats) -> None:
    """Add a change of the low-pass band (4 × 4 × blocks) to the pixels, in place."""
    rows, columns = rgb.shape[0] // BLOCK, rgb.shape[1] // BLOCK
    band = change.reshape(4, 4, rows, columns).transpose(2, 0, 3, 1).reshape(rows * 4, columns * 4)
    _add(rgb[..., 2], band * np.float32(BLUE_PER_U / 2))
    _add(rgb[..., 1], band * np.float32(GREEN_PER_U / 2))


def _add(plane: NDArray[np.uint8], change: Floats) -> None:
    """Add to each 2×2 cell of the plane its change, dithered, in place."""
    height, width = plane.shape
    wide = change.repeat(2, axis=1)[:, None] + np.tile(DITHER, width // 2)
    steps = np.floor(wide, out=wide).astype(np.int16).reshape(height, width)
    steps += plane
    plane[:] = np.clip(steps, 0, 255, out=steps)
