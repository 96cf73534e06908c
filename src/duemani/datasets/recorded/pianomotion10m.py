"""PianoMotion10M (Gan et al. 2025) as published → takes.

`annotation/UPLOADER/BV/BV_seq_0000.json` and so on, `audio/` alike (.mp3), `midi/UPLOADER/BV.mid`
of the whole video, and `train.txt`, `valid.txt`, `test.txt` with lines "UPLOADER BV". A frame is
62 numbers for each hand: valid or not, translation (3) in the camera's frame, MANO's global
orientation (3) and pose (15 x 3, axis-angle), shape (10). `adjust[1:3]` belongs on top of y and z.
The left hand is a right one mirrored in x, its translation included.

Known from the authors' own loader and renderer: all of the above; shape is left at MANO's mean;
the camera looks down from above.

Assumed, for nothing in the files tells:

- The pose starts from the flat hand, unless `mean_pose_rad` is given. The authors' renderer adds
  MANO's mean pose, the tracker that made the data does not; MANO's licence keeps it out of here.
- Unless `rest` is MANO's, our skeleton's rest pose stands in for it, and thumbs point up to 30°
  away from where they should; about every second note gets a wrong finger (see `mano_pose`).
- The camera looks straight down: a tilt of it becomes a tilt of the hands.
- Depth is a guess of the tracker's from the hand's size, metres off, so all of a clip is put at
  its median depth. The keyboard is found by the notes (`keyboard_fit`), the pianist's size with it.
- How high the hands are comes from the notes as well: a tip that plays is half-way down its key;
  between the notes the height is interpolated.
- Frame 0 of a clip is at `start_frame / fps` of the video and of its MIDI file.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter1d

from duemani.datasets.recorded.keyboard_fit import FrameHint, fit_keyboard
from duemani.datasets.recorded.mano_pose import OWN_REST, ManoRest, rotations_from_mano
from duemani.datasets.recorded.played_fingers import find_fingers, tips_at
from duemani.datasets.recorded.resampling import (
    frame_times,
    resample_flags,
    resample_points,
    resample_rotations,
)
from duemani.datasets.recorded.sound import recorded_features
from duemani.datasets.takes import FRAME_RATE, MotionTake
from duemani.errors import InputError
from duemani.files import read_limited
from duemani.inputs.midi.read import load_midi
from duemani.keyboard import key_rest_top, key_travel
from duemani.motion import HandMotion
from duemani.performance import LEFT, Performance
from duemani.skeleton import mirror_points, mirror_rotations, pose_landmarks

_FRAME_FLOATS = 62
_MAX_CLIP_BYTES = 100_000_000
_LEAST_SEC = 2.0
_LARGEST_NUMBER = 1e4
_LISTS = ("train", "valid", "test")
_NAME = re.compile(r"\w[\w-]*")
_DOWN = np.array([0.0, 0.0, -1.0])
_HEIGHT_BLUR_SEC, _LARGEST_SHIFT_M = 0.1, 0.08


@dataclass(frozen=True)
class Clip:
    """One annotation file: hands as MANO's right hands in the camera frame, at 30 frames a second.

    Attributes:
        wrist_m: the wrists [m], the left hand's mirrored.
        rotations_rad: in our terms, the left hand's mirrored.
        tracked: the files' valid flags.
        start_sec: of the clip in its video.
    """

    wrist_m: Float[np.ndarray, "hand=2 frame 3"]
    rotations_rad: Float[np.ndarray, "hand=2 frame 16 3"]
    tracked: Bool[np.ndarray, "hand=2 frame"]
    start_sec: float


def read_pianomotion10m(
    root: Path,
    skipped: dict[str, str],
    done: Container[str] = (),
    mean_pose_rad: Float[np.ndarray, "15 3"] | None = None,
    rest: ManoRest = OWN_REST,
) -> Iterator[MotionTake]:
    """The clips of the data set, one after the other.

    Args:
        root: the folder that holds annotation/, audio/ and midi/.
        skipped: gets the name of each clip that cannot be used, with the reason.
        done: names of takes that are not wanted.
        mean_pose_rad: added to every pose, axis-angle in MANO's order.
        rest: MANO's rest pose; ours stands in for it.

    Yields:
        Takes in the keyboard frame; fingers are known where a tip lies over the key. A take's
        `piece` is "pianomotion10m/LIST/UPLOADER/BV", LIST being the authors' train, valid or test.

    Raises:
        InputError: the folder is no such data set.
    """
    for part, uploader, video in _videos(root, skipped):
        folder = root / "annotation" / uploader / video
        paths = sorted(folder.glob("*.json"))
        if not paths:
            skipped[video] = "its annotation is missing."
        midi: Performance | None = None
        for path in paths:
            if path.stem in done:
                continue
            try:
                if midi is None:
                    with warnings.catch_warnings():  # of notes off the keyboard
                        warnings.simplefilter("ignore")
                        midi = load_midi(root / "midi" / uploader / f"{video}.mid")
                take = _take(read_clip(path, mean_pose_rad, rest), rest, midi, path.stem)
                recording = root / "audio" / uploader / video / f"{path.stem}.mp3"
                sound = recorded_features(recording, take.motion.frame_count)
            except InputError as error:
                skipped[path.stem] = str(error)
                continue
            yield replace(take, piece=f"pianomotion10m/{part}/{uploader}/{video}", sound=sound)


def read_clip(
    path: Path,
    mean_pose_rad: Float[np.ndarray, "15 3"] | None = None,
    rest: ManoRest = OWN_REST,
) -> Clip:
    """Read one annotation file and bring it to 30 frames a second.

    Raises:
        InputError: it cannot be read, is cut off, of other shape, or not finite.
    """
    sides, adjust, rate, start = _read_numbers(path)
    times = frame_times(len(sides[LEFT]), rate, FRAME_RATE)
    wrist, rotations, tracked = [], [], []
    for side in sides:
        valid = side[:, 0] > 0.5
        known = valid if valid.any() else np.ones(len(valid), bool)
        if not (np.abs(side[valid]) < _LARGEST_NUMBER).all():
            raise InputError(f"{path.name} holds numbers that are not finite or too large.")
        side = np.where(valid[:, None], side, 0.0)
        pose = side[:, 7:52].reshape(-1, 15, 3)
        if mean_pose_rad is not None:
            pose = pose + mean_pose_rad
        moved = side[:, 1:4] + np.array([0.0, *adjust[1:3]]) + rest.wrist_m
        turned = rotations_from_mano(side[:, 4:7], pose, rest)
        wrist.append(resample_points(moved, known, times))
        rotations.append(resample_rotations(turned, known, times))
        tracked.append(resample_flags(valid, times))
    return Clip(np.stack(wrist), np.stack(rotations), np.stack(tracked), start / rate)


def _read_numbers(path: Path) -> tuple[list[np.ndarray], np.ndarray, float, float]:
    """Left and right hand (frame, 62), adjustment, frame rate [Hz] and first frame of a file.

    Raises:
        InputError: it cannot be read, is cut off, or of other shape.
    """
    try:
        content = json.loads(read_limited(path, _MAX_CLIP_BYTES))
        sides = [np.array(content[side], float) for side in ("left", "right")]
        rate, start = float(content["fps"]), float(content["start_frame"])
        adjust = np.array(content["adjust"], float)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path.name} is damaged or no annotation of PianoMotion10M.") from error
    if any(side.ndim != 2 or side.shape != (len(sides[0]), _FRAME_FLOATS) for side in sides):
        raise InputError(f"{path.name} has other than {_FRAME_FLOATS} numbers a hand and frame.")
    if adjust.ndim != 1 or len(adjust) < 3 or not (np.abs(adjust[1:3]) < _LARGEST_NUMBER).all():
        raise InputError(f"{path.name}: its adjustment holds values that are not finite numbers.")
    if not 10 <= rate <= 240 or not 0 <= start < 1e7:
        raise InputError(f"{path.name}: its frame rate or start is not a number in range.")
    if len(sides[0]) < _LEAST_SEC * rate:
        raise InputError(f"{path.name} is shorter than {_LEAST_SEC:g} s.")
    return sides, adjust, rate, start


def _take(clip: Clip, rest: ManoRest, video: Performance, name: str) -> MotionTake:
    """Hands of a clip onto the keyboard, with the notes it plays."""
    frames = clip.tracked.shape[1]
    notes = video.between(clip.start_sec, clip.start_sec + frames / FRAME_RATE)
    wrist, rotations = clip.wrist_m.copy(), clip.rotations_rad.copy()
    wrist[LEFT], rotations[LEFT] = mirror_points(wrist[LEFT]), mirror_rotations(rotations[LEFT])
    bones = np.stack([rest.bone_lengths_m] * 2)
    wrist = _at_one_depth(wrist, pose_landmarks(wrist, rotations, bones), clip.tracked)
    landmarks = pose_landmarks(wrist, rotations, bones)
    fit = fit_keyboard(landmarks, clip.tracked, notes, FRAME_RATE, FrameHint(up=_DOWN))
    for hand in range(2):
        rotations[hand, :, 0] = fit.rotations(rotations[hand, :, 0])
    wrist, bones = fit.points(wrist), bones * fit.scale
    motion = HandMotion(
        frame_rate=FRAME_RATE,
        wrist_m=wrist,
        rotations_rad=rotations,
        landmarks_m=pose_landmarks(wrist, rotations, bones),
        tracked=clip.tracked,
        bone_lengths_m=bones,
        provenance={"source": "PianoMotion10M", "key_miss_m": fit.miss_m},
    )
    motion = _on_the_keys(motion, find_fingers(notes, motion))
    return MotionTake(name, name, "", find_fingers(notes, motion), motion)


def _at_one_depth(
    wrist: np.ndarray, landmarks: np.ndarray, tracked: np.ndarray
) -> Float[np.ndarray, "hand=2 frame 3"]:
    """Wrists such that the tips' middles stay where the image shows them, all at one depth.

    Raises:
        InputError: no hand is seen, or they are behind the camera.
    """
    middle = landmarks[:, :, 4::4].mean(2)
    depth = float(np.median(middle[tracked][:, 2])) if tracked.any() else 0.0
    if depth <= 0 or (middle[tracked][:, 2] < depth / 3).any():
        raise InputError("its hands are never seen, or behind the camera.")
    nearness = depth / np.maximum(middle[..., 2:], depth / 3)
    return wrist - middle + middle * nearness * [1, 1, 0] + np.array([0, 0, depth])


def _on_the_keys(motion: HandMotion, performance: Performance) -> HandMotion:
    """The same hands raised or lowered so that playing tips are half-way down their keys."""
    played = performance.notes[performance.notes["finger"] > 0]
    tips, _ = tips_at(motion.tips_m, motion.tracked, motion.frame_rate, played["onset_sec"])
    own = tips[np.arange(len(played)), 5 * played["hand"] + played["finger"] - 1]
    lift = key_rest_top(played["pitch"]) - key_travel(played["pitch"]) / 2 - own[:, 2]
    wrist, landmarks = motion.wrist_m.copy(), motion.landmarks_m.copy()
    frames = np.arange(motion.frame_count)
    for hand in range(2):
        mine = played["hand"] == hand
        if not mine.any():
            continue
        frame = np.rint(played["onset_sec"][mine] * motion.frame_rate).astype(int)
        at = np.unique(frame)
        needed = np.array([np.median(lift[mine][frame == one]) for one in at])
        shift = np.interp(frames, at, np.clip(needed, -_LARGEST_SHIFT_M, _LARGEST_SHIFT_M))
        shift = gaussian_filter1d(shift, _HEIGHT_BLUR_SEC * motion.frame_rate, mode="nearest")
        wrist[hand, :, 2] += shift
        landmarks[hand, ..., 2] += shift[:, None]
    return replace(motion, wrist_m=wrist, landmarks_m=landmarks)


def _videos(root: Path, skipped: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(list, uploader, video) of the authors' lists.

    Raises:
        InputError: there are none, or no annotation.
    """
    lists = [root / f"{part}.txt" for part in _LISTS]
    if not (root / "annotation").is_dir() or not any(path.is_file() for path in lists):
        raise InputError(
            f"{root} is no PianoMotion10M data set: it needs annotation/, midi/, audio/ and"
            " train.txt, valid.txt or test.txt."
        )
    for part, path in zip(_LISTS, lists, strict=True):
        if not path.is_file():
            continue
        text = read_limited(path, 10_000_000).decode("utf-8", errors="replace")
        for line in text.splitlines():
            words = line.split()
            if len(words) == 2 and all(_NAME.fullmatch(word) for word in words):
                yield part, words[0], words[1]
            elif words:
                skipped[f"{part}.txt: {line.strip()[:40]}"] = "is no line of uploader and video."
