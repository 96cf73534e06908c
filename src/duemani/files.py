"""Files that appear whole or not at all, and paths refused before any work is done."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from duemani.errors import InputError

# Control characters, and the two code points that XML refuses besides.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
# What the package carries: models, each with its card and licence (weights/*/CARD.md).
WEIGHTS = Path(__file__).parent / "weights"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; renamed to `path` when the block succeeds.

    The temporary name keeps the suffix, which some libraries choose the format by.

    Raises:
        InputError: the file system refuses (no such folder, no permission, no space).
    """
    # A part of the name, for a name as long as the file system allows would grow too long.
    temporary = path.with_name(f".{os.getpid()}.{path.stem[:20]}.partial{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def as_name(text: str) -> str:
    """A name as every format holds it and a terminal prints it.

    Control characters become spaces, what is no Unicode character "?".
    """
    valid = text.encode("utf-8", errors="replace").decode()
    return _NO_TEXT.sub(" ", valid)


def read_limited(path: Path, limit: int) -> bytes:
    """The whole file, of at most `limit` bytes.

    Raises:
        InputError: it cannot be read, or it is larger.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    if len(data) > limit:
        raise InputError(f"{path.name} is larger than {limit // 1_000_000} MB, the most accepted.")
    return data


def check_readable(path: Path) -> None:
    """Refuse an input path that holds nothing to read.

    Raises:
        InputError: there is no such file, it is none, it is empty, or it may not be read.
    """
    try:
        # A pipe would be waited for without end; it and other devices are no files.
        if path.is_file():
            with path.open("rb") as file:
                if not file.read(1):
                    raise InputError(f"{path} is empty.")
            return
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot read {path}: {reason}.") from error
    if not exists:
        raise InputError(f"{path} does not exist.")
    raise InputError(f"{path} is {'a folder' if is_folder else 'a device'}; a file is accepted.")


def check_writable(path: Path) -> None:
    """Refuse an output path early, before any work is done for it.

    Raises:
        InputError: it is a folder or device, or its folder does not exist or may not be written to.
    """
    folder = path.parent
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # names that no file can have fail here
        if path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder; name a file.")
        if path.exists() and not path.is_file():
            raise InputError(f"cannot write {path}: it is a device; name a file.")
        if not folder.is_dir():
            raise InputError(f"cannot write {path}: the folder {folder} does not exist.")
        may_write = os.access(folder, os.W_OK)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot write {path}: {reason}.") from error
    if not may_write:
        raise InputError(f"cannot write {path}: no permission to write in {folder}.")


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both names lead to one existing file (also by links)."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def check_output(
    path: Path,
    suffixes: tuple[str, ...],
    not_over: Path | None = None,
) -> None:
    """Refuse an output path before any work is done for it.

    Args:
        path: file to be written.
        suffixes: those accepted.
        not_over: the input, which must not be written over.

    Raises:
        InputError: unknown suffix, a folder, nowhere to write, or the input itself.
    """
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path.name} has an unknown suffix; accepted are {listed(suffixes)}.")
    check_writable(path)
    if not_over is not None and is_same_file(path, not_over):
        raise InputError(f"{path} is the input itself; name another file to write.")


def listed(suffixes: tuple[str, ...]) -> str:
    """Suffixes as a sentence names them."""
    return ", ".join(suffixes)
