"""A trained motion model from its file, run by onnxruntime: no PyTorch needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from duemani.files import WEIGHTS
from duemani.graphs.open import Graph
from duemani.models.diffusion.conditions.style_estimate import StyleEstimate
from duemani.models.diffusion.config import DenoiserConfig
from duemani.models.diffusion.networks import Known
from duemani.models.diffusion.pose_code import PoseCode
from duemani.models.embedded_graph import not_a_model, open_session, read_model, unfit

MODEL_FORMAT = "duemani.motion_model/1"
GRAPHS = ("hear", "position", "condition", "denoise")
HEAR_FRAMES, POSITION_FRAMES = 600, 480
_HEAR_CONTEXT = 20
SHIPPED = WEIGHTS / "motion" / "motion.safetensors"
SHIPPED_SHA256 = "374fdb073de456e400b9991f882fd0a6deb9c079cddd628aaa3aea5b1b0816ee"


@dataclass(frozen=True)
class OnnxNetworks:
    """`diffusion.networks.MotionNetworks` by onnxruntime.

    Attributes:
        config, code, guide_error_m: see there.
        style_estimate: tells a pianist's style from motion; None if none was learned.
        facts: about the training.
        sha256: of the file.
    """

    config: DenoiserConfig
    code: PoseCode
    guide_error_m: dict[str, float]
    style_estimate: StyleEstimate | None
    facts: dict[str, object]
    sha256: str
    _sessions: dict[str, Graph] = field(repr=False)

    def hear(self, sound: np.ndarray) -> np.ndarray:
        """See `MotionNetworks`; any number of frames."""
        total = len(sound)
        heard = np.zeros((total, 88, 3), np.float16)
        inner = HEAR_FRAMES - 2 * _HEAR_CONTEXT
        for start in range(0, total, inner):
            part = np.zeros((HEAR_FRAMES, sound.shape[1]), np.float32)
            first, last = max(start - _HEAR_CONTEXT, 0), min(start + inner + _HEAR_CONTEXT, total)
            at = first - (start - _HEAR_CONTEXT)
            part[at : at + last - first] = sound[first:last]
            end = min(start + inner, total)
            heard[start:end] = self._run("hear", sound=part)[_HEAR_CONTEXT:][: end - start]
        return heard

    def positions(self, known: Known) -> np.ndarray:
        """See `MotionNetworks`; `POSITION_FRAMES` frames."""
        return self._run("position", **_inputs(known))

    def condition(self, known: Known, guide_m: np.ndarray, doubt: float) -> np.ndarray:
        """See `MotionNetworks`; a window's frames."""
        return self._run("condition", **_inputs(known), guide=guide_m, doubt=np.array(doubt))

    def denoise(self, noisy: np.ndarray, time: float, condition: np.ndarray) -> np.ndarray:
        """See `MotionNetworks`."""
        return self._run("denoise", noisy=noisy, time=np.array(time), condition=condition)

    def _run(self, graph: str, **inputs: np.ndarray) -> np.ndarray:
        feeds = {name: np.asarray(values, np.float32)[None] for name, values in inputs.items()}
        (result,) = self._sessions[graph].run(None, feeds)
        return np.asarray(result[0])


def load_networks(path: Path, sha256: str = "") -> OnnxNetworks:
    """Read a model that `duemani train motion` wrote. Nothing in the file is executed as code.

    Args:
        path: the file.
        sha256: refuse the file if this is not its hash.

    Raises:
        InputError: it cannot be read, has another hash, or is no such model.
    """
    file = read_model(path, "motion", MODEL_FORMAT, sha256)
    settings, tensors = file.settings, file.tensors
    try:
        config, code = _config(settings["denoiser"]), _code(settings["code"])
        errors = {str(name): float(value) for name, value in settings["guide_error_m"].items()}
        facts = dict(settings["facts"])
        estimate = _estimate(settings["style_estimate"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_a_model(path, "motion", error) from None
    try:
        used = settings["weights_of"]
        sessions = {name: open_session(tensors, name, used[name]) for name in GRAPHS}
    except Exception as error:  # onnxruntime has many of its own
        raise unfit(path, error) from None
    return OnnxNetworks(config, code, errors, estimate, facts, file.sha256, sessions)


@cache
def shipped_networks() -> OnnxNetworks:
    """The package's own model.

    Raises:
        InputError: its file is damaged.
    """
    return load_networks(SHIPPED, SHIPPED_SHA256)


def _config(values: dict[str, Any]) -> DenoiserConfig:
    widths = tuple(int(width) for width in values["widths"])
    return DenoiserConfig(**{**values, "widths": widths})


def _code(values: dict[str, Any]) -> PoseCode:
    code = PoseCode(
        tuple(map(float, values["mean"])),
        tuple(map(float, values["deviation"])),
        tuple(map(int, values["moving"])),
        bool(values["wrist"]),
    )
    if len(code.mean) != 48 or len(code.deviation) != 48 or not set(code.moving) <= set(range(48)):
        raise ValueError("its pose code is not that of 48 angles")
    return code


def _estimate(values: dict[str, list[Any]] | None) -> StyleEstimate | None:
    if values is None:
        return None
    weight = tuple(tuple(map(float, row)) for row in values["weight"])
    return StyleEstimate(
        tuple(map(float, values["mean"])), tuple(map(float, values["deviation"])), weight
    )


def _inputs(known: Known) -> dict[str, np.ndarray]:
    return {
        "notes": known.notes,
        "heard": known.heard,
        "fingers": known.fingers,
        "style": known.style,
        "given": known.given,
    }
