"""Filmed landmarks → hands on the keyboard: `FilmedHands` and `KeyboardView` → `HandMotion`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from duemani.errors import InputError
from duemani.inputs.film.filmed_hands import FilmedHands
from duemani.inputs.film.keyboard_view import KeyboardView
from duemani.lifting.heights import Sight, hand_size, place_landmarks, sight_of
from duemani.lifting.identity import palm_length_px
from duemani.lifting.presses import pressed_heights
from duemani.lifting.smoothing import choose_ratio, smooth, without_glitches
from duemani.motion import HandMotion, motion_shapes
from duemani.performance import Performance
from duemani.skeleton import MEDIUM_BONE_LENGTHS_M, fit_rotations, pose_joints
from duemani.version import VERSION

LONGEST_GAP_SEC = 0.3
"""A hand not seen for longer is not tracked meanwhile."""
_GLITCH_PALMS = 0.12
_FILLED_CONFIDENCE = 0.5
_FIT_ROUNDS = 3
_TIPS = np.array([4, 8, 12, 16, 20])


@dataclass(frozen=True)
class _Track:
    """One hand on even frames: smoothed pixels and relative depth, NaN where not tracked."""

    pixels: Float[np.ndarray, "frame 21 2"]
    depth_px: Float[np.ndarray, "frame 21"]
    tracked: Bool[np.ndarray, " frame"]
    confidence: Float[np.ndarray, " frame"]


def lift_hands(
    filmed: FilmedHands,
    view: KeyboardView,
    frame_rate: float = 30.0,
    performance: Performance | None = None,
) -> HandMotion:
    """Place filmed hands on the keyboard, smoothed and as a skeleton.

    x and y of the tips are measured; heights are mostly assumed (`filmed_heights`): they show
    how a hand is shaped, not which key is down, unless `performance` says so. Of hands whose tips
    alone are known (fingertip files), the tips alone come back, on the plane of the keys.

    Args:
        filmed: landmarks, each frame by itself, each hand in its row (`keep_hands_apart`).
        view: where the keyboard lies in the picture.
        frame_rate: of the motion [Hz], 1-240.
        performance: the notes by the film's clock; then tips that play lie on their keys.

    Raises:
        InputError: no frames, a frame rate out of range, or no true view of the keyboard.
    """
    if not 1 <= frame_rate <= 240:
        raise InputError(f"{frame_rate} frames per second are not accepted; 1 to 240 are.")
    if not filmed.frame_count or not (filmed.confidence > 0).any():
        raise InputError("no hands were found in the film.")
    first = float(filmed.time_sec[0])
    count = int(np.floor((float(filmed.time_sec[-1]) - first) * frame_rate + 1e-6)) + 1
    time_sec = first + np.arange(count) / frame_rate
    palm = palm_length_px(filmed)
    tracks = [_track(filmed, hand, time_sec, palm) for hand in range(2)]
    whole = [np.isfinite(track.pixels).all((1, 2)) & track.tracked for track in tracks]
    provenance: dict[str, object] = {
        "model": "tracked",
        "version": VERSION,
        "frame_rate": frame_rate,
    }
    if not any(found.any() for found in whole):
        arrays = _tips_only(tracks, view)
        return HandMotion(frame_rate, start_sec=first, provenance=provenance, **arrays)
    sights = [
        sight_of(view.camera, track.pixels[found], track.depth_px[found])
        for track, found in zip(tracks, whole, strict=True)
    ]
    size = hand_size([sight for sight in sights if len(sight.lines)])
    bones = MEDIUM_BONE_LENGTHS_M * size
    points = [_placed(sights[hand], bones, time_sec[whole[hand]], None) for hand in range(2)]
    if performance is not None and len(performance.notes):
        tips = np.full((2, count, 5, 3), np.nan)
        for hand in range(2):
            tips[hand, whole[hand]] = points[hand][:, _TIPS]
        anchors = pressed_heights(performance, tips, time_sec)
        points = [
            _placed(sights[hand], bones, time_sec[whole[hand]], anchors[hand, whole[hand]])
            for hand in range(2)
        ]
    arrays = _unknown(count, bones)
    for hand in range(2):
        _put(arrays, hand, tracks[hand], whole[hand], points[hand], bones)
    provenance["hand_size"] = size
    return HandMotion(frame_rate, start_sec=first, provenance=provenance, **arrays)


def _track(filmed: FilmedHands, hand: int, time_sec: np.ndarray, palm: float) -> _Track:
    """Smooth one hand and read it off at even times."""
    marks, depth = filmed.landmarks_px[hand], filmed.depth_px[hand]
    known = np.isfinite(marks).all((0, 2)) | np.isfinite(marks).all(2).any(0)
    seen = np.isfinite(marks[:, known]).all((1, 2)) & (filmed.confidence[hand] > 0)
    pixels = np.full((len(time_sec), 21, 2), np.nan)
    behind = np.full((len(time_sec), 21), np.nan)
    frames = np.flatnonzero(seen)
    if len(frames) < 2 or not known.any():
        never = np.zeros(len(time_sec), bool)
        return _Track(pixels, behind, never, np.zeros(len(time_sec)))
    at = filmed.time_sec[frames]
    sure = filmed.confidence[hand, frames]
    variance = np.clip(np.median(sure) / sure, 0.5, 4.0) ** 2
    after = np.clip(np.searchsorted(at, time_sec), 1, len(at) - 1)
    gap = at[after] - at[after - 1]
    # A gap between frames that lie next to each other is the film's own (a low frame rate).
    bridged = (gap <= LONGEST_GAP_SEC) | (np.diff(frames)[after - 1] == 1)
    tracked = bridged & (time_sec >= at[0] - 1e-6) & (time_sec <= at[-1] + 1e-6)
    values = marks[frames][:, known].reshape(len(frames), -1)
    values = without_glitches(values, _GLITCH_PALMS * palm)
    smoothed = smooth(at, values, choose_ratio(at, values), variance, time_sec)
    pixels[:, known] = smoothed.reshape(len(time_sec), -1, 2)
    deep = np.isfinite(depth[frames]).all(1)
    if deep.sum() > 2:
        values = without_glitches(depth[frames][deep], 2 * _GLITCH_PALMS * palm)
        ratio = choose_ratio(at[deep], values[:, 1:])
        behind = smooth(at[deep], values, ratio, variance[deep], time_sec)
    pixels[~tracked], behind[~tracked] = np.nan, np.nan
    near = np.minimum(np.abs(time_sec - at[after]), np.abs(time_sec - at[after - 1]))
    usual_step = np.median(np.diff(filmed.time_sec)) if filmed.frame_count > 1 else 0.0
    confidence = np.interp(time_sec, at, sure) * np.where(
        near > usual_step * 0.75, _FILLED_CONFIDENCE, 1.0
    )
    return _Track(pixels, behind, tracked, np.where(tracked, np.clip(confidence, 0, 1), 0.0))


def _placed(
    sight: Sight, bones: np.ndarray, time_sec: np.ndarray, anchors_m: np.ndarray | None
) -> Float[np.ndarray, "frame 21 3"]:
    """Landmarks [m]; how deep they lie is smoothed over time, for it is guessed frame by frame."""
    points = place_landmarks(sight, bones, anchors_m)
    if len(points) < 8:
        return points
    depth = np.linalg.norm(points - sight.camera_m, axis=-1) / np.linalg.norm(sight.lines, axis=-1)
    smoothed = smooth(time_sec, depth, choose_ratio(time_sec, depth))
    if anchors_m is not None:
        held = np.isfinite(anchors_m)
        smoothed[:, _TIPS] = np.where(held, depth[:, _TIPS], smoothed[:, _TIPS])
    return np.asarray(sight.camera_m + smoothed[..., None] * sight.lines)


def _put(
    arrays: dict[str, np.ndarray],
    hand: int,
    track: _Track,
    whole: np.ndarray,
    points: np.ndarray,
    bones: np.ndarray,
) -> None:
    """Fit the skeleton to one hand's landmarks and write it into a motion's arrays."""
    arrays["tracked"][hand] = whole
    arrays["confidence"][hand] = np.where(whole, track.confidence, 0.0)
    if not whole.any():
        return
    wrist, rotations, posed = fit_skeleton(points, bones, hand)
    arrays["wrist_m"][hand, whole] = wrist
    arrays["rotations_rad"][hand, whole] = rotations
    arrays["landmarks_m"][hand, whole] = posed


def fit_skeleton(
    landmarks_m: Float[np.ndarray, "frame 21 3"], bone_lengths_m: Float[np.ndarray, "20"], hand: int
) -> tuple[
    Float[np.ndarray, "frame 3"],
    Float[np.ndarray, "frame 16 3"],
    Float[np.ndarray, "frame 21 3"],
]:
    """Wrist, rotations and landmarks of the skeleton whose tips come nearest to the landmarks'.

    `fit_rotations` turns every bone as the landmarks have it, so misses add up along a finger.
    Here each bone aims from where its joint came to lie at where the next landmark should be.
    """
    aims = landmarks_m.copy()
    rotations, _ = fit_rotations(aims, bone_lengths_m, hand)
    wrist = landmarks_m[:, 0].copy()
    for _ in range(_FIT_ROUNDS):
        posed, _ = pose_joints(wrist, rotations, bone_lengths_m, hand)
        knuckles = [5, 9, 13, 17]
        wrist = wrist + (landmarks_m[:, knuckles] - posed[:, knuckles]).mean(1)
        posed, _ = pose_joints(wrist, rotations, bone_lengths_m, hand)
        aims = posed.copy()
        for base in range(1, 21, 4):
            for joint in range(base, base + 3):
                aims[:, joint + 1] = aims[:, joint] + landmarks_m[:, joint + 1] - posed[:, joint]
        rotations, _ = fit_rotations(aims, bone_lengths_m, hand)
    posed, _ = pose_joints(wrist, rotations, bone_lengths_m, hand)
    return wrist, rotations, posed


def _unknown(frames: int, bones: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays of a motion in which no hand is seen."""
    shapes = motion_shapes(frames)
    places = ("wrist_m", "rotations_rad", "landmarks_m")
    return {name: np.full(shapes[name], np.nan) for name in places} | {
        "tracked": np.zeros(shapes["tracked"], bool),
        "confidence": np.zeros(shapes["tracked"]),
        "bone_lengths_m": np.tile(bones, (2, 1)),
    }


def _tips_only(tracks: list[_Track], view: KeyboardView) -> dict[str, np.ndarray]:
    """Fingertips on the plane of the keys; of the rest of the hands nothing is known."""
    arrays = _unknown(len(tracks[0].tracked), MEDIUM_BONE_LENGTHS_M)
    for hand, track in enumerate(tracks):
        tips = arrays["landmarks_m"][hand]
        tips[:, _TIPS, :2] = view.to_keyboard(track.pixels[:, _TIPS])
        tips[:, _TIPS, 2] = np.where(track.tracked, 0.0, np.nan)[:, None]
        arrays["tracked"][hand], arrays["confidence"][hand] = track.tracked, track.confidence
    return arrays
