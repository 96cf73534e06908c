"""`prepare furelise`, `prepare pianomotion10m`: real hand motion → data sets to train on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import tyro

from duemani.commands.arguments import OptionalPath, say
from duemani.errors import InputError
from duemani.files import check_readable

if TYPE_CHECKING:
    from duemani.datasets.takes import MotionTake


@dataclass(frozen=True)
class PrepareFurElise:
    """Prepare the FürElise data set (CC BY-NC 4.0; not included) as takes to train on."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """Folder of the data set as published, with its numbered folders or dataset/."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder for the prepared takes; one begun before is gone on with."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.datasets.recorded.furelise import read_furelise

        skipped: dict[str, str] = {}
        done = _check(self.input, self.output)
        takes = read_furelise(self.input, skipped, done)
        return _prepared(takes, self.output, "FürElise", {}, skipped, len(done))


@dataclass(frozen=True)
class PreparePianoMotion10M:
    """Prepare the PianoMotion10M data set (CC BY-NC 4.0; not included) as takes to train on."""

    input: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
    """Folder of the data set as published: annotation/, audio/, midi/ and the lists."""
    output: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder for the prepared takes; one begun before is gone on with."""
    mean_pose: OptionalPath = None
    """.npy with MANO's mean pose (45 numbers, radians), added to every pose."""
    rest_joints: OptionalPath = None
    """.npy of your MANO's flat mean right hand (21 x 3, metres, its own axes and origin): wrist,
    then base, middle, distal joint and end of thumb to little finger; else ours stands in."""
    json: bool = False
    """Print a machine-readable summary on standard output."""

    def run(self) -> dict[str, object]:
        """Do it and return the summary."""
        from duemani.datasets.recorded.mano_pose import OWN_REST, rest_from_joints
        from duemani.datasets.recorded.pianomotion10m import read_pianomotion10m

        skipped: dict[str, str] = {}
        done = _check(self.input, self.output)
        mean_pose = None if self.mean_pose is None else _numbers(self.mean_pose, (15, 3))
        joints = None if self.rest_joints is None else _numbers(self.rest_joints, (21, 3))
        if joints is None:
            say(
                "our hand's rest pose stands in for MANO's: thumbs and little fingers will point up"
                " to 30° away from where the data has them, and in a simulated test every second"
                " note got a wrong finger; --rest-joints mends it."
            )
        rest = OWN_REST if joints is None else rest_from_joints(joints)
        takes = read_pianomotion10m(self.input, skipped, done, mean_pose, rest)
        settings = {"mean_pose": _digest(mean_pose), "rest_joints": _digest(joints)}
        return _prepared(takes, self.output, "PianoMotion10M", settings, skipped, len(done))


def _check(data: Path, output: Path) -> set[str]:
    """Names of the takes that are there already.

    Raises:
        InputError: the data set's folder is none, or the output is a file.
    """
    from duemani.datasets.recorded.prepare import prepared_names

    if not data.is_dir():
        raise InputError(f"{data} is no folder; that of the data set is accepted.")
    if output.exists() and not output.is_dir():
        raise InputError(f"cannot write {output}: it is a file; name a folder.")
    return prepared_names(output)


def _prepared(
    takes: Iterator[MotionTake],
    output: Path,
    source: str,
    settings: Mapping[str, object],
    skipped: dict[str, str],
    before: int,
) -> dict[str, object]:
    """Do it and sum it up.

    Raises:
        InputError: the folder is no such data set, or the output cannot be written.
    """
    from duemani.datasets.recorded.prepare import prepare_takes

    began = time.perf_counter()
    first = next(takes, None)  # a folder that is no such data set is refused before writing

    def all_takes() -> Iterator[MotionTake]:
        if first is not None:
            yield first
            yield from takes

    count = before + prepare_takes(
        all_takes(), output, source, settings, skipped, lambda name, _: say(f"prepared {name}")
    )
    return {
        "output": str(output),
        "takes": count,
        "skipped": len(skipped),
        "took_sec": round(time.perf_counter() - began, 1),
    }


def _numbers(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """An array file's numbers in this shape.

    Raises:
        InputError: it cannot be read, or holds others.
    """
    check_readable(path)
    count = shape[0] * shape[1]
    try:
        numbers = np.load(path, allow_pickle=False).astype(float).reshape(shape)
    # numpy and zipfile each have their own errors for damage.
    except Exception as error:
        raise InputError(f"{path} is no .npy file of {count} numbers.") from error
    if not np.isfinite(numbers).all():
        raise InputError(f"{path} holds numbers that are not finite.")
    return numbers


def _digest(numbers: np.ndarray | None) -> str | None:
    """What tells these numbers from others: MANO's own may not get into a data set."""
    return None if numbers is None else hashlib.sha256(numbers.tobytes()).hexdigest()
