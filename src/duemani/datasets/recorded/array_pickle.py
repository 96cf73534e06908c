"""Pickle files of dictionaries and numeric arrays, read without running anything they carry.

A pickle may name any function of any library to be called with anything. Here it may only name
what numpy's arrays are pickled with, and even those names lead to stand-ins of this module that
numpy sees nothing of before type, shape and length are known to fit. As a pickle of a few bytes can
also ask for all memory or overflow the interpreter's stack, its parts are counted first.
"""

from __future__ import annotations

import math
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from duemani.errors import InputError
from duemani.files import check_readable

MAX_PICKLE_BYTES = 4_000_000_000
_MAX_PARTS = 1_000_000
_MAX_TUPLES = 10_000
_NUMBER_TYPES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])


class _Type:
    """Stands for a `numpy.dtype` of numbers."""

    __slots__ = ("dtype",)

    def __init__(self, code: object, *_: object) -> None:
        # Only text is shown: other things could be without end.
        if not isinstance(code, str) or code not in _NUMBER_TYPES:
            shown = repr(code[:40]) if isinstance(code, str) else "without a name"
            raise InputError(f"its arrays of type {shown} are refused.")
        self.dtype: np.dtype[Any] = np.dtype(code)

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) not in (8, 9):
            raise InputError("its array types are none that numpy writes.")
        order, parts = state[1], state[2:5]
        if order not in ("<", ">", "=", "|") or any(part is not None for part in parts):
            raise InputError("its arrays of compound type are refused.")
        self.dtype = self.dtype.newbyteorder(order)


class PickledArray:
    """Stands for a `numpy.ndarray` of numbers.

    Attributes:
        values: the numbers, of the file's type and shape.
    """

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: np.ndarray = np.zeros(0)

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise InputError("its arrays are none that numpy writes.")
        _, shape, kind, fortran, data = state
        self.fill(data, kind, shape, fortran is True)

    def fill(self, data: object, kind: object, shape: object, fortran: bool) -> None:
        """Take the contents over.

        Raises:
            InputError: they are no numbers, or not as many as the shape says.
        """
        if not isinstance(kind, _Type) or not isinstance(data, bytes | bytearray):
            raise InputError("its arrays of objects are refused.")
        if not isinstance(shape, tuple) or len(shape) > 8 or not all(map(_is_length, shape)):
            raise InputError("an array's shape is none.")
        if math.prod(shape) * kind.dtype.itemsize != len(data):
            raise InputError("an array has other contents than its shape says.")
        self.values = np.frombuffer(data, kind.dtype).reshape(shape, order="F" if fortran else "C")


def load_array_pickle(path: Path) -> object:
    """Whatever the pickle holds: dictionaries, lists, numbers, text and `PickledArray`s.

    Raises:
        InputError: it cannot be read, is larger than 4 GB, is damaged, or asks for anything but
            numeric arrays; nothing it names is run.
    """
    check_readable(path)
    if path.stat().st_size > MAX_PICKLE_BYTES:
        raise InputError(
            f"{path} is larger than {MAX_PICKLE_BYTES // 10**9} GB, the most accepted."
        )
    try:
        with path.open("rb") as file:
            _check_parts(file)
            file.seek(0)
            return _ArrayUnpickler(file).load()
    except InputError as error:
        raise InputError(f"{path} is no safe pickle of arrays: {error}") from None
    # The unpickler raises whatever its parts trip over on damaged bytes.
    except Exception as error:
        raise InputError(f"{path} is a damaged pickle file: it cannot be read.") from error


def _check_parts(file: BinaryIO) -> None:
    """Refuse what the unpickler itself would choke on.

    Raises:
        InputError: too many parts for the memory, a memo place so far out that a table up to it
            fills the memory, tuples nested so deep that hashing them overflows the stack, or
            names from the table of extensions, which `find_class` never sees.
        ValueError: the bytes are no pickle.
    """
    tuples = 0
    for count, (part, argument, _) in enumerate(pickletools.genops(file)):
        tuples += part.name.startswith("TUPLE")
        far = part.name.endswith("PUT") and argument is not None and argument > _MAX_PARTS
        if count > _MAX_PARTS or tuples > _MAX_TUPLES or far:
            raise InputError("it has more parts than arrays need, which is refused.")
        if part.name in ("EXT1", "EXT2", "EXT4", "FROZENSET"):
            raise InputError("it has parts that arrays do not need, which is refused.")


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that knows the names of numpy's array pickles only."""

    def find_class(self, module: str, name: str) -> _Maker:
        """The stand-in for what the pickle names."""
        maker = _MAKERS.get((module.replace("numpy._core", "numpy.core"), name))
        if maker is None:
            raise InputError(f"it asks for {f'{module}.{name}'[:160]!r}, which is refused.")
        return maker

    def persistent_load(self, pid: object) -> object:
        """No outside objects."""
        raise InputError("it asks for an object outside of it, which is refused.")


class _Maker:
    """A function that a pickle can call but not change."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., object]) -> None:
        self._make = make

    def __call__(self, *arguments: object) -> object:
        return self._make(*arguments)

    def __setstate__(self, state: object) -> None:
        raise InputError("it changes a function, which is refused.")


def _is_length(number: object) -> bool:
    return type(number) is int and 0 <= number <= MAX_PICKLE_BYTES


def _empty_array(*_: object) -> PickledArray:
    return PickledArray()


def _array(*_: object) -> object:
    raise InputError("it makes an array by itself, which is refused.")


def _array_from_buffer(data: object, kind: object, shape: object, order: object) -> PickledArray:
    array = PickledArray()
    array.fill(data, kind, shape, order == "F")
    return array


def _scalar(kind: object, data: object) -> float:
    return float(_array_from_buffer(data, kind, (), "C").values)


def _encoded(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise InputError("it encodes text in an unusual way, which is refused.")
    return text.encode("latin1")


def _no_bytes(*arguments: object) -> bytes:
    if arguments:
        raise InputError("it makes bytes in an unusual way, which is refused.")
    return b""


_MAKERS = {
    ("numpy.core.multiarray", "_reconstruct"): _Maker(_empty_array),
    ("numpy.core.multiarray", "scalar"): _Maker(_scalar),
    ("numpy.core.numeric", "_frombuffer"): _Maker(_array_from_buffer),
    ("numpy", "ndarray"): _Maker(_array),
    ("numpy", "dtype"): _Maker(_Type),
    # How bytes are pickled by the old protocols.
    ("_codecs", "encode"): _Maker(_encoded),
    ("__builtin__", "bytes"): _Maker(_no_bytes),
}
