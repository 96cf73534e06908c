"""Reading FürElise: made-up pieces in its format, whole, damaged and hostile."""

import contextlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duemani.commands.prepare.real import PrepareFurElise
from duemani.datasets.recorded.array_pickle import PickledArray, load_array_pickle
from duemani.datasets.recorded.furelise import CAPTURE_RATE, read_furelise
from duemani.datasets.recorded.prepare import check_take
from duemani.datasets.takes import list_takes, load_take
from duemani.errors import InputError
from tests.helpers.real_motion import (
    CAMERA,
    MANO_ORDER,
    at_30,
    capture_points,
    played,
    rms_mm,
    turned_deg,
    write_furelise,
    write_sound,
)


@pytest.mark.parametrize("order", ["ours", "MANO's"])
def test_furelise_round_trip(tmp_path: Path, order: str) -> None:
    one = played(CAPTURE_RATE)
    points = capture_points(one.motion)
    if order != "ours":
        points = points[:, :, MANO_ORDER]
    write_sound(write_furelise(tmp_path, one, points) / "audio.wav", one.motion)
    skipped: dict[str, str] = {}
    (take,) = read_furelise(tmp_path, skipped)
    assert not skipped
    check_take(take)
    assert (take.piece, take.composer) == ("Carl Czerny: Étude", "Czerny")
    motion = take.motion
    off = rms_mm(motion.landmarks_m, at_30(one.motion))
    assert (off < [2.0, 2.0, 2.0]).all(), off
    np.testing.assert_allclose(motion.bone_lengths_m, one.motion.bone_lengths_m, atol=0.001)
    turned = turned_deg(
        motion.rotations_rad[:, ::50],
        played(30.0).motion.rotations_rad[:, : motion.frame_count : 50],
    )
    assert np.median(turned) < 8  # twist cannot be seen from landmarks
    notes, known = take.performance.notes, one.performance.notes
    right = (notes["hand"] == known["hand"]) & (notes["finger"] == known["finger"])
    assert right.mean() > 0.9
    assert take.sound is not None


def test_furelise_in_another_frame(tmp_path: Path) -> None:
    one = played(CAPTURE_RATE)
    points = one.motion.landmarks_m @ CAMERA.T + np.array([0.2, 1.0, 0.5])
    write_furelise(tmp_path, one, points)
    (take,) = read_furelise(tmp_path, {})
    off = rms_mm(take.motion.landmarks_m, at_30(one.motion))
    assert (off < [3.0, 7.0, 3.0]).all(), off


@pytest.mark.parametrize(
    "how", ["nan", "shape", "metres", "no midi", "cut off", "one hand", "dropout"]
)
def test_furelise_damage_is_skipped_and_the_rest_goes_on(tmp_path: Path, how: str) -> None:
    one = played(CAPTURE_RATE)
    points = capture_points(one.motion)
    write_furelise(tmp_path, one, points)
    bad = points.copy()
    if how == "nan":
        bad[0, 5, 3] = np.nan
    elif how == "shape":
        bad = bad[:, :, :20]
    elif how == "dropout":
        bad[1, 40] = 0.0
    elif how == "metres":
        bad = bad * 1000
    folder = write_furelise(tmp_path, one, bad, "008")
    path = folder / "motion.pkl"
    if how == "no midi":
        (folder / "midi.mid").unlink()
    elif how == "cut off":
        path.write_bytes(path.read_bytes()[:-9000])
    elif how == "one hand":
        path.write_bytes(pickle.dumps({"left": {"joints": bad[0]}}))
    output = tmp_path / "prepared"
    summary = PrepareFurElise(tmp_path, output).run()
    assert (summary["takes"], summary["skipped"]) == (1, 1)
    assert "furelise_008" in (output / "skipped.tsv").read_text()
    (path,) = list_takes(output)
    assert load_take(path).motion.frame_count > 200
    path.write_bytes(path.read_bytes()[:1000])  # a cut off take is made again
    assert PrepareFurElise(tmp_path, output).run()["takes"] == 1
    assert load_take(path).motion.frame_count > 200


class Hostile:
    """Would create a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


class Called:
    """Calls anything with anything when unpickled."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


def test_hostile_pickles_run_nothing(tmp_path: Path) -> None:
    marker, path = tmp_path / "marker", tmp_path / "motion.pkl"
    attacks: list[object] = [
        Hostile(marker),
        {"left": {"joints": np.array([Hostile(marker)], dtype=object)}},
        Called(eval, f"open({str(marker)!r}, 'w')"),
        Called(np.fromfile, str(marker)),
        Called(np.ndarray, (10**9, 10**9)),
        Called(np.dtype, [("a", "f4"), ("b", "O")]),
        Called(np.dtype, "O"),
        {"joints": np.zeros(3, [("a", "f4")])},
        {"joints": np.zeros(3, "M8[s]")},
        {"joints": np.array(["text"])},
        pickle.PickleBuffer,
        np.load,
    ]
    for attack in attacks:
        for protocol in (0, 2, 4, 5):
            path.write_bytes(pickle.dumps(attack, protocol=protocol))
            with pytest.raises(InputError, match="refused"):
                load_array_pickle(path)
            assert not marker.exists()
    path.write_bytes(b"cos\nsystem\n(S'touch " + str(marker).encode() + b"'\ntR.")
    with pytest.raises(InputError, match=r"os\.system"):
        load_array_pickle(path)
    path.write_bytes(b"Pelsewhere\n.")
    with pytest.raises(InputError, match="refused"):
        load_array_pickle(path)
    assert not marker.exists()


NAMED = {name: f"cnumpy\n{name}\n".encode() for name in ("dtype", "ndarray")}
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
FLOATS = NAMED["dtype"] + b"(X\2\0\0\0f4tR"
BYTES_8 = b"\x8e" + (8).to_bytes(8, "little") + bytes(8)


def array_state(shape: bytes, kind: bytes = FLOATS, data: bytes = BYTES_8) -> bytes:
    """An array made empty, then given a state."""
    return RECONSTRUCT + b")R(K\1" + shape + kind + b"\x89" + data + b"tb"


@pytest.mark.parametrize(
    "parts",
    [
        b"}(" + b")" + b"\x85" * 1_000_000 + b"Nu",  # hashing it overflows the stack
        b"}(" + b"(\x91" * 20_000 + b"Nu",
        b"Nr\xff\xff\xff\xff",  # a memo of 64 GB
        b"Np4000000000\n",
        b"]" * 2_000_000,
        b"\x82\1",  # names from the table of extensions
        b"\x84\1\0\0\0",
        b"NQ",
        b"\x8c\5numpy\x8c\x0fdtype.__class__\x93",
        b"\x8c\x05numpy\x8c\x15ndarray.__reduce_ex__\x93",
        b"\x8c\2os\x8c\6system\x93",
        b"(cos\nsystem\no",
        b"(ios\nsystem\n",
        NAMED["dtype"] + b")\x81",
        NAMED["ndarray"] + b"(K\1tR",
        NAMED["dtype"] + b"N}X\x0c\0\0\0__defaults__Ns\x86b",  # sets a function's attribute
        NAMED["dtype"] + b"}X\1\0\0\0aNsb",
        NAMED["dtype"] + b"(X\1\0\0\0OtR",
        NAMED["dtype"] + b"(" + b"]q\0" + b"(h\0h\0e" * 40 + b"tR",
        FLOATS + b"(K\3X\1\0\0\0<NX\1\0\0\0aNK\xffK\xffK\0tb",  # a compound type
        FLOATS + b"(K\3X\1\0\0\0<NN}K\xffK\xffK\0tb",
        FLOATS + b"Nb",
        array_state(b"K\2\x85", data=b"]"),  # a list of objects
        array_state(b"K\3\x85"),
        array_state(b"J\xff\xff\xff\xff\x85"),
        array_state(b"\x88K\2\x86"),
        array_state(b"K\2"),
        array_state(b"K\2\x85", kind=b"N"),
        array_state(b"(" + b"\x8a\x09" + b"\xff" * 8 + b"\0" + b"K\0tb", data=b"C\0"),
        array_state(b"(" + b"K\1" * 8 + b"K\2t"),
        RECONSTRUCT + b")RNb",
        b"\x8e" + b"\xff" * 7 + b"\x00",  # bytes without end
        b"\x96" + b"\xff" * 7 + b"\x0f",
        b"\x97",
        b"\x95" + b"\xff" * 7 + b"\x0f",
    ],
)
def test_crafted_pickles_are_refused(tmp_path: Path, parts: bytes) -> None:
    path = tmp_path / "motion.pkl"
    path.write_bytes(b"\x80\5" + parts + b".")
    with pytest.raises(InputError, match=r"refused|safe|damaged"):
        load_array_pickle(path)


def test_arrays_cannot_change_once_checked(tmp_path: Path) -> None:
    """A byte array that grows after it was taken over."""
    path = tmp_path / "motion.pkl"
    grown = b"\x96" + (8).to_bytes(8, "little") + bytes(8) + b"q\1"
    array = array_state(b"K\2\x85", data=grown)
    path.write_bytes(b"\x80\5" + array + b"h\1(K\1K\1e0.")
    with pytest.raises(InputError, match="damaged"):
        load_array_pickle(path)
    path.write_bytes(b"\x80\5" + array + b".")
    found = load_array_pickle(path)
    assert isinstance(found, PickledArray)
    np.testing.assert_array_equal(found.values, [0, 0])


@pytest.mark.parametrize("protocol", range(6))
def test_array_pickles_come_back(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "a.pkl"
    arrays = [
        np.arange(24.0).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        np.array([True, False]),
        np.zeros((0, 3), "f4"),
    ]
    path.write_bytes(pickle.dumps({"a": arrays, "n": np.float32(2.5)}, protocol=protocol))
    content = load_array_pickle(path)
    assert isinstance(content, dict)
    assert content["n"] == 2.5
    for array, found in zip(arrays, content["a"], strict=True):
        assert isinstance(found, PickledArray)
        np.testing.assert_array_equal(found.values, array)


def test_old_numpy_names_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    data = pickle.dumps(np.arange(3.0), protocol=2).replace(b"numpy._core", b"numpy.core")
    path.write_bytes(data)
    found = load_array_pickle(path)
    assert isinstance(found, PickledArray)
    np.testing.assert_array_equal(found.values, [0, 1, 2])


@settings(max_examples=150)
@given(at=st.integers(0, 600), byte=st.integers(0, 255), cut=st.integers(1, 700))
def test_damaged_pickles_raise_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: int
) -> None:
    data = bytearray(pickle.dumps({"left": {"joints": np.arange(63.0)}}, protocol=4))
    data[at % len(data)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pkl"
    path.write_bytes(bytes(data[:cut]))
    with contextlib.suppress(InputError):
        load_array_pickle(path)
