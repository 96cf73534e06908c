"""A prepared motion data set: takes of music and hands on disk, one file a take.

Layout: `dataset.json` (format, source, frame rate, settings), `takes/NAME.npz`, and
`skipped.tsv` (name, reason) for whatever could not be used. Takes appear whole or not at all, so
a stopped preparation goes on where it stopped.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
from jaxtyping import Float

from duemani.errors import InputError
from duemani.files import replacing
from duemani.media.spectra import FEATURE_COUNT
from duemani.models.solver.style import Style
from duemani.motion import HandMotion, motion_shapes
from duemani.performance import NOTE_DTYPE, PEDAL_DTYPE, Performance

DATASET_FORMAT = "duemani.motion_dataset/1"
FRAME_RATE = 30.0
"""Frames per second of every prepared take [Hz]: that of the video data sets and of S2C."""

Split = Literal["train", "valid", "test"]
# Nothing by these composers is trained on.
TEST_COMPOSERS = frozenset(
    ["Debussy", "Glinka", "Haydn", "Mozart", "Prokofiev", "Schumann", "Scriabin"]
)
_FOLDS = 6


@dataclass(frozen=True)
class MotionTake:
    """One take: notes, the hands that play them, and what is heard.

    Attributes:
        name: unique, a file's stem.
        piece: what takes are split by: two takes of a piece are on the same side.
        composer: empty where there is none.
        performance: the notes; hands and fingers where known.
        motion: both hands at `FRAME_RATE`.
        style: the simulated pianist, None for a real one.
        sound: features of the recording (`media.spectra`), one row a frame, None without.
    """

    name: str
    piece: str
    composer: str
    performance: Performance
    motion: HandMotion
    style: Style | None = None
    sound: Float[np.ndarray, "frame feature"] | None = None

    @property
    def split(self) -> Split:
        """Which part of the data the take belongs to."""
        return split_of(self.piece, self.composer)


def split_of(piece: str, composer: str = "") -> Split:
    """Test: every piece of some composers and a sixth of the others'; as many for validation.

    A data set's own split is kept: PianoMotion10M's pieces name theirs.
    """
    published = [part for part in piece.split("/")[:-1] if part in ("train", "valid", "test")]
    if published:
        return cast(Split, published[0])
    if composer in TEST_COMPOSERS:
        return "test"
    fold = zlib.crc32(piece.encode()) % _FOLDS
    return "test" if fold == 0 else "valid" if fold == 1 else "train"


def take_path(folder: Path, name: str) -> Path:
    """Where a take lies in a data set."""
    return folder / "takes" / f"{name}.npz"


def save_take(folder: Path, take: MotionTake) -> None:
    """Write one take; the file appears whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    motion = take.motion
    arrays = {
        "wrist_m": motion.wrist_m.astype("f4"),
        "rotations_rad": motion.rotations_rad.astype("f4"),
        "landmarks_m": motion.landmarks_m.astype("f4"),
        "tracked": motion.tracked,
        "bone_lengths_m": motion.bone_lengths_m.astype("f4"),
        "notes": take.performance.notes,
        "pedal": take.performance.pedal,
        "facts": np.array(
            json.dumps(
                {
                    "piece": take.piece,
                    "composer": take.composer,
                    "style": None if take.style is None else asdict(take.style),
                    "frame_rate": motion.frame_rate,
                }
            )
        ),
    }
    if take.sound is not None:
        arrays["sound"] = take.sound
    with replacing(take_path(folder, take.name)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def load_take(path: Path) -> MotionTake:
    """Read one prepared take.

    Raises:
        InputError: the file is damaged, or its arrays are no take's.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(str(arrays["facts"]))
        frames = arrays["wrist_m"].shape[1]
        shapes = motion_shapes(frames)
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise ValueError(f"{name} has shape {arrays[name].shape}, not {shape}")
            tracked = arrays["tracked"]
            seen = arrays[name] if name == "bone_lengths_m" else arrays[name][tracked]
            if tracked.dtype != bool or not np.isfinite(seen).all():
                raise ValueError(f"{name} is not finite")
        if arrays["notes"].dtype != NOTE_DTYPE or arrays["pedal"].dtype != PEDAL_DTYPE:
            raise ValueError("the notes are no note array")
        sound = arrays.get("sound")
        if sound is not None and sound.shape != (frames, FEATURE_COUNT):
            raise ValueError(f"{len(sound)} rows of sound for {frames} frames")
        if sound is not None and not np.isfinite(sound).all():
            raise ValueError("its sound is not finite")
        motion = HandMotion(
            frame_rate=float(facts["frame_rate"]), **{name: arrays[name] for name in shapes}
        )
        style = None if facts["style"] is None else Style(**facts["style"])
        performance = Performance.create(arrays["notes"], arrays["pedal"])
        return MotionTake(
            path.stem, facts["piece"], facts["composer"], performance, motion, style, sound
        )
    # zipfile, zlib, json and numpy each have their own errors for damage, and there are many.
    except Exception as error:
        raise InputError(f"{path} is no prepared take: {error}.") from error


def write_description(folder: Path, source: str, settings: Mapping[str, object]) -> None:
    """Write `dataset.json`, or check that a data set begun before was begun alike.

    Raises:
        InputError: the folder holds a data set of another source or other settings.
    """
    description = {
        "format": DATASET_FORMAT,
        "source": source,
        "frame_rate": FRAME_RATE,
        "settings": json.loads(json.dumps(dict(settings))),
    }
    path = folder / "dataset.json"
    try:
        (folder / "takes").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write in {folder}: {error.strerror}.") from error
    if path.exists():
        if read_description(folder) != description:
            raise InputError(
                f"{folder} holds a data set made with other settings; name another folder."
            )
        return
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(description, indent=1))


def read_description(folder: Path) -> dict[str, object]:
    """The contents of `dataset.json`.

    Raises:
        InputError: the folder holds no prepared motion data set.
    """
    try:
        description = json.loads((folder / "dataset.json").read_text())
        if description["format"] != DATASET_FORMAT:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{folder} is no prepared motion data set (`duemani prepare` makes one)."
        ) from None
    return dict(description)


def list_takes(folder: Path) -> list[Path]:
    """The takes of a prepared data set, by name.

    Raises:
        InputError: it is none, or holds no takes.
    """
    read_description(folder)
    paths = sorted((folder / "takes").glob("[!.]*.npz"))
    if not paths:
        raise InputError(f"{folder} holds no takes yet.")
    return paths


def write_skipped(folder: Path, skipped: Mapping[str, str]) -> None:
    """Write `skipped.tsv`: what was left out, and why."""
    with (
        replacing(folder / "skipped.tsv") as temporary,
        temporary.open("w", newline="") as file,
    ):
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["name", "reason"])
        writer.writerows(sorted(skipped.items()))
