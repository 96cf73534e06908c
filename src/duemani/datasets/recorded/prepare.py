"""Takes of real pianists → a prepared data set; what cannot be used is listed, not hidden."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from duemani.datasets.takes import (
    FRAME_RATE,
    MotionTake,
    save_take,
    take_path,
    write_description,
    write_skipped,
)
from duemani.errors import InputError
from duemani.media.spectra import FEATURE_COUNT
from duemani.motion import motion_shapes

_LEAST_TRACKED = 0.5
_FARTHEST_M = 3.0


def prepare_takes(
    takes: Iterable[MotionTake],
    folder: Path,
    source: str,
    settings: Mapping[str, object],
    skipped: dict[str, str],
    progress: Callable[[str, int], None] | None = None,
) -> int:
    """Write takes that are whole, once each; begun before, it goes on.

    Args:
        takes: from `read_pianomotion10m` or `read_furelise`.
        folder: of the prepared data set; made if need be.
        source: name of the data set that the takes come from.
        settings: what else the takes depend on, as plain JSON values.
        skipped: what the reader left out, and gets what is left out here; written as
            `skipped.tsv` at the end, also when the work is interrupted.
        progress: called with each take's name and how many are there.

    Returns:
        How many takes of `takes` the folder now holds.

    Raises:
        InputError: the folder holds another data set or cannot be written, or `takes` raises.
    """
    write_description(folder, source, settings)
    count = 0
    try:
        for take in takes:
            if not is_whole(take_path(folder, take.name)):
                try:
                    check_take(take)
                except InputError as error:
                    skipped[take.name] = str(error)
                    continue
                save_take(folder, take)
            count += 1
            if progress is not None:
                progress(take.name, count)
    finally:
        write_skipped(folder, skipped)
    return count


def prepared_names(folder: Path) -> set[str]:
    """Names of the takes that lie whole in a folder; none if there is no such folder yet."""
    return {path.stem for path in (folder / "takes").glob("[!.]*.npz") if is_whole(path)}


def is_whole(path: Path) -> bool:
    """Whether a take's file is there and not cut off."""
    return path.is_file() and zipfile.is_zipfile(path)


def check_take(take: MotionTake) -> None:
    """Refuse a take that training must not see.

    Raises:
        InputError: shapes differ, something seen is not finite or metres off the keyboard, too
            little is seen, or there are no notes.
    """
    motion = take.motion
    frames = motion.frame_count
    for name, shape in motion_shapes(frames).items():
        values = getattr(motion, name)
        if values.shape != shape:
            raise InputError(f"its {name} has shape {values.shape}, not {shape}.")
        seen = values if name in ("tracked", "bone_lengths_m") else values[motion.tracked]
        if not np.isfinite(seen).all():
            raise InputError(f"its {name} is not finite.")
    if motion.frame_rate != FRAME_RATE or motion.start_sec != 0:
        raise InputError(f"it has not {FRAME_RATE:g} frames a second from time 0.")
    if motion.tracked.mean() < _LEAST_TRACKED:
        raise InputError(f"its hands are seen in {motion.tracked.mean():.0%} of the frames only.")
    if (np.abs(motion.landmarks_m[motion.tracked]) > _FARTHEST_M).any():
        raise InputError("its hands are metres away from the keyboard.")
    if not len(take.performance.notes):
        raise InputError("it has no notes.")
    sound = take.sound
    if sound is not None and (
        sound.shape != (frames, FEATURE_COUNT) or not np.isfinite(sound).all()
    ):
        raise InputError("its sound does not fit its motion, or is not finite.")
