"""`Style`: what makes one simulated pianist move differently from another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from duemani.errors import InputError
from duemani.skeleton import MEDIUM_SPAN_M

STYLE_RANGES = {
    "hand_span_m": (0.17, 0.26),
    "wrist_height_m": (0.035, 0.095),
    "finger_curl": (0.0, 1.0),
    "lift_m": (0.005, 0.035),
    "smoothness": (0.2, 5.0),
    "depth_into_keys_m": (-0.015, 0.02),
}


@dataclass(frozen=True)
class Style:
    """How a pianist plays; the defaults are a medium hand playing relaxed.

    Attributes:
        hand_span_m: reach from thumb to little finger, 0.17-0.26 m (0.19 small, 0.235 large).
        wrist_height_m: wrist above the white keys, 0.035-0.095 m.
        finger_curl: 0 flat fingers, 1 strongly curved.
        lift_m: how high fingers rise before they strike, 0.005-0.035 m.
        smoothness: of the arm's travel; 1 is calibrated on real hands, more is smoother and
            slower, 0.2-5.
        depth_into_keys_m: how much farther from the keys' front edge than usual, -0.015-0.02 m.
        seed: of the small variations of touch.
    """

    hand_span_m: float = MEDIUM_SPAN_M
    wrist_height_m: float = 0.062
    finger_curl: float = 0.5
    lift_m: float = 0.014
    smoothness: float = 1.0
    depth_into_keys_m: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"style seed is {self.seed}; it must be 0 or more.")
        for name, (low, high) in STYLE_RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"style {name} is {value}; it must lie between {low} and {high}.")


def sample_style(seed: int) -> Style:
    """A random but believable pianist; the same seed gives the same one."""
    rng = np.random.default_rng(seed)

    def draw(middle: float, spread: float, low: float, high: float) -> float:
        return float(np.clip(rng.normal(middle, spread), low, high))

    return replace(
        Style(),
        hand_span_m=draw(0.215, 0.015, 0.185, 0.25),
        wrist_height_m=draw(0.062, 0.009, 0.042, 0.085),
        finger_curl=draw(0.5, 0.22, 0.05, 0.95),
        lift_m=draw(0.014, 0.004, 0.007, 0.028),
        smoothness=float(np.exp(np.clip(rng.normal(0, 0.25), -0.6, 0.6))),
        depth_into_keys_m=draw(0.0, 0.005, -0.012, 0.015),
        seed=seed,
    )
