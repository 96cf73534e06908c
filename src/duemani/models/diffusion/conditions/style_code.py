"""A pianist's style as the networks are told it: six numbers of about unit size."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from duemani.models.solver.style import Style

STYLE_SIZE = 6
_MIDDLE = np.array([0.215, 0.062, 0.5, 0.014, 0.0, 0.0])
_SPREAD = np.array([0.015, 0.009, 0.22, 0.004, 0.25, 0.005])
_MOST = 2.9


def style_code(style: Style) -> Float[np.ndarray, "6"]:
    """Deviation from the usual pianist, in usual deviations."""
    values = [
        style.hand_span_m,
        style.wrist_height_m,
        style.finger_curl,
        style.lift_m,
        np.log(style.smoothness),
        style.depth_into_keys_m,
    ]
    return np.asarray((np.array(values) - _MIDDLE) / _SPREAD)


def style_of(code: Float[np.ndarray, "6"]) -> Style:
    """The style of a code: the inverse of `style_code`.

    Raises:
        InputError: it is out of range.
    """
    values = np.clip(code, -_MOST, _MOST) * _SPREAD + _MIDDLE
    span, height, curl, lift, smoothness, depth = (float(value) for value in values)
    return Style(
        hand_span_m=span,
        wrist_height_m=height,
        finger_curl=min(max(curl, 0.0), 1.0),
        lift_m=max(lift, 0.005),
        smoothness=float(np.exp(smoothness)),
        depth_into_keys_m=depth,
    )
