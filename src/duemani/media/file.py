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
def demuxed(path: Path) -> Iterator[InputContainer]:
    """A user's file as FFmpeg reads it, without leave to open anything else.

    Raises:
        FFmpegError, OSError, ValueError: FFmpeg's reasons, now or while it is read.
    """
    # An open file, not a name: FFmpeg would take a name like "concat:..." for an order. And a
    # playlist or a session description would have it read other files or listen to the network.
    alone = {"protocol_whitelist": "none"}
    with (
        path.open("rb") as file,
        av.open(file, "r", options=alone, metadata_errors="replace") as container,
    ):
        yield container


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
        with demuxed(path) as container:
            yield container
    except (FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise InputError(f"{path} cannot be read as {kind}; accepted are {accepted}.") from error
