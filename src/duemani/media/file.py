"""Any file that FFmpeg reads, opened; every way in which that fails told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

from duemani.errors import InputError


@contextmanager
def open_media(path: Path, kind: str, accepted: str) -> Iterator[InputContainer]:
    """Open a file for reading.

    Args:
        path: the file.
        kind: what it should be, in words: "sound", "a film".
        accepted: which files are.

    Raises:
        InputError: no such file, or FFmpeg fails on it, now or while it is read.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist.")
    if not path.is_file():
        raise InputError(f"{path} is not a file; accepted are {accepted}.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty; accepted are {accepted}.")
    try:
        # Passing an open file, not a name: FFmpeg would read a name like "concat:..." otherwise.
        with path.open("rb") as file, av.open(file, "r", metadata_errors="replace") as container:
            yield container
    except (FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise InputError(f"{path} cannot be read as {kind}; accepted are {accepted}.") from error
