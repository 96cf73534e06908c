"""Models as one file: a `.safetensors` of weights in which the graphs that run them lie as bytes.

The graphs carry no weights of their own; onnxruntime is given the file's. Nothing in such a file
is executed as code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors

from duemani.errors import InputError
from duemani.files import check_readable, read_limited
from duemani.graphs.open import Graph, open_graph

_MOST_BYTES = 200_000_000
_MOST_HEADER_BYTES = 4_000_000


@dataclass(frozen=True)
class ModelFile:
    """Contents of a model file.

    Attributes:
        settings: plain JSON values.
        tensors: weights and graphs by name.
        sha256: of the file.
    """

    settings: dict[str, Any]
    tensors: dict[str, np.ndarray]
    sha256: str


def read_model(path: Path, kind: str, model_format: str, sha256: str = "") -> ModelFile:
    """Read a model file.

    Args:
        path: the file.
        kind: what a user calls such a model: "motion" for what `duemani train motion` makes.
        model_format: what the file must say it is.
        sha256: refuse the file if this is not its hash.

    Raises:
        InputError: it cannot be read, has another hash or another format.
    """
    check_readable(path)
    data = read_limited(path, _MOST_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    if sha256 and digest != sha256:
        raise InputError(f"{path.name} is damaged: its SHA-256 is not the one it should have.")
    try:
        size = int.from_bytes(data[:8], "little")
        if not 0 < size < min(_MOST_HEADER_BYTES, len(data)):
            raise ValueError("no header")
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        if metadata["format"] != model_format:
            raise ValueError("another format")
        return ModelFile(json.loads(metadata["settings"]), load_safetensors(data), digest)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        SafetensorError,
    ) as error:
        raise not_a_model(path, kind, error) from None


def not_a_model(path: Path, kind: str, error: Exception) -> InputError:
    """What to tell a user of a file that is no such model."""
    reason = " ".join(str(error).split())[:100]
    return InputError(
        f"{path.name} is no {kind} model of duemani ({reason}); a .safetensors file made by"
        f" `duemani train {kind}` is accepted."
    )


def open_session(tensors: dict[str, np.ndarray], graph: str, weights: list[str]) -> Graph:
    """A graph of the file, ready to run with the file's weights.

    Raises:
        Exception: onnxruntime's own, where they do not fit together.
    """
    content = tensors[f"graph.{graph}"].tobytes()
    return open_graph(content, 2, {name: tensors[name] for name in weights})


def unfit(path: Path, error: Exception) -> InputError:
    """What to tell a user of a file whose graphs and weights do not fit together."""
    reason = " ".join(str(error).split())[:160]
    return InputError(f"{path.name} holds weights that do not fit together: {reason}.")
