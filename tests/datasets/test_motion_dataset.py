"""Prepared motion data: files that are whole or refused, splits that do not leak, simulation."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.datasets.simulated.config import Simulation
from duemani.datasets.takes import (
    FRAME_RATE,
    TEST_COMPOSERS,
    MotionTake,
    list_takes,
    load_take,
    read_description,
    save_take,
    split_of,
    take_path,
    write_description,
)
from duemani.errors import InputError
from duemani.models.diffusion.conditions.hand_frame import hand_angles, hand_wrists
from duemani.training.motion.corpus import load_corpus, take_arrays
from tests.helpers.motion_model import made_up_take

SHORT = Simulation(takes_per_piece=1, take_sec=3.0)
PIECES = [f"Composer/Piece_{number}" for number in range(600)]


def stored(tmp_path: Path, take: MotionTake | None = None) -> Path:
    write_description(tmp_path, "made up", {})
    take = take or made_up_take()
    save_take(tmp_path, take)
    return take_path(tmp_path, take.name)


@pytest.mark.parametrize("bare", [False, True])
def test_a_take_survives_being_stored(tmp_path: Path, bare: bool) -> None:
    take = made_up_take()
    if bare:
        take = replace(take, style=None, sound=None, composer="")
    path = stored(tmp_path, take)
    read = load_take(path)
    for name in ("name", "piece", "composer", "style", "split"):
        assert getattr(read, name) == getattr(take, name)
    assert read.performance.notes.tobytes() == take.performance.notes.tobytes()
    assert read.performance.pedal.tobytes() == take.performance.pedal.tobytes()
    for name in ("wrist_m", "rotations_rad", "landmarks_m", "tracked", "bone_lengths_m"):
        wanted = getattr(take.motion, name)
        np.testing.assert_allclose(getattr(read.motion, name), wanted, atol=1e-6)
    assert read.motion.frame_rate == FRAME_RATE
    assert (read.sound is None) == bare
    if take.sound is not None:
        np.testing.assert_array_equal(read.sound, take.sound)
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_what_is_not_tracked_may_be_unknown(tmp_path: Path) -> None:
    take = made_up_take()
    tracked, wrist = take.motion.tracked.copy(), take.motion.wrist_m.copy()
    tracked[0, 10:20] = False
    wrist[0, 10:20] = np.nan
    motion = replace(take.motion, tracked=tracked, wrist_m=wrist)
    read = load_take(stored(tmp_path, replace(take, motion=motion)))
    assert np.isnan(read.motion.wrist_m[0, 10:20]).all()


def with_nan(name: str) -> Callable[[dict[str, np.ndarray]], None]:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        arrays[name].reshape(-1)[5] = np.nan

    return spoil


def cut(name: str, axis: int) -> Callable[[dict[str, np.ndarray]], None]:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        arrays[name] = np.delete(arrays[name], -1, axis)

    return spoil


def without(name: str) -> Callable[[dict[str, np.ndarray]], None]:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        del arrays[name]

    return spoil


def set_to(name: str, value: object) -> Callable[[dict[str, np.ndarray]], None]:
    def spoil(arrays: dict[str, np.ndarray]) -> None:
        arrays[name] = np.array(value)

    return spoil


def backwards(arrays: dict[str, np.ndarray]) -> None:
    arrays["notes"]["release_sec"] = arrays["notes"]["onset_sec"] - 0.1


ARRAYS = ("wrist_m", "rotations_rad", "landmarks_m", "bone_lengths_m", "sound")
SPOILS = {
    **{f"nan in {name}": with_nan(name) for name in ARRAYS},
    **{f"short {name}": cut(name, 1 if name != "sound" else 0) for name in (*ARRAYS, "tracked")},
    "narrow sound": cut("sound", 1),
    "no notes": without("notes"),
    "no facts": without("facts"),
    "plain notes": set_to("notes", np.zeros((3, 4))),
    "facts that are none": set_to("facts", "{}"),
    "facts that are no JSON": set_to("facts", "piece"),
    "flags that are numbers": set_to("tracked", np.ones((2, 90))),
    "objects": set_to("notes", [{"pitch": 60}]),
    "releases before onsets": backwards,
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_a_spoilt_take_is_refused(
    tmp_path: Path, spoil: Callable[[dict[str, np.ndarray]], None]
) -> None:
    path = stored(tmp_path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    spoil(arrays)
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is no prepared take"):
        load_take(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_off_file_is_refused(tmp_path: Path, share: float) -> None:
    path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match="is no prepared take"):
        load_take(path)
    with pytest.raises(InputError):
        load_take(tmp_path / "takes" / "missing.npz")


def test_splits_are_fair_and_keep_test_composers_out_of_training() -> None:
    for composer in TEST_COMPOSERS:
        assert {split_of(piece, composer) for piece in PIECES} == {"test"}
    shares = [[split_of(piece, "Bach") for piece in PIECES].count(s) for s in ("test", "valid")]
    assert all(60 < share < 140 for share in shares)
    assert [split_of(piece, "Bach") for piece in PIECES] == [split_of(piece) for piece in PIECES]
    one, other = (made_up_take(name, piece="same") for name in ("one", "other"))
    assert one.split == other.split


def test_a_folder_keeps_to_one_data_set(tmp_path: Path) -> None:
    write_description(tmp_path, "simulated", {"seed": 0, "take_sec": 3.0})
    write_description(tmp_path, "simulated", {"take_sec": 3.0, "seed": 0})
    for source, settings in (("simulated", {"seed": 1, "take_sec": 3.0}), ("real", {"seed": 0})):
        with pytest.raises(InputError, match="other settings"):
            write_description(tmp_path, source, settings)
    assert read_description(tmp_path)["settings"] == {"seed": 0, "take_sec": 3.0}
    with pytest.raises(InputError, match="no takes yet"):
        list_takes(tmp_path)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": "another/1"}'])
def test_other_folders_are_no_data_sets(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(InputError, match="no prepared motion data set"):
        list_takes(tmp_path)


def test_a_corpus_holds_one_split_and_names_what_it_skips(tmp_path: Path) -> None:
    write_description(tmp_path, "made up", {})
    pieces = {split: next(p for p in PIECES if split_of(p) == split) for split in ("train", "test")}
    for split, piece in pieces.items():
        save_take(tmp_path, replace(made_up_take(split, piece=piece), composer=""))
    (tmp_path / "takes" / "broken.npz").write_bytes(b"PK")
    corpus = load_corpus([tmp_path], "train")
    assert [take.name for take in corpus.takes] == ["train"]
    assert list(corpus.skipped) == ["broken"]
    assert load_corpus([tmp_path], "test", with_sound=False).takes[0].sound.shape[0] == 0
    with pytest.raises(InputError, match="no take of the valid split"):
        load_corpus([tmp_path], "valid")


def test_a_take_as_the_networks_see_it() -> None:
    take = made_up_take()
    arrays = take_arrays(take)
    np.testing.assert_allclose(arrays.angles_rad, hand_angles(take.motion), atol=1e-6)
    np.testing.assert_allclose(arrays.wrist_m, hand_wrists(take.motion), atol=1e-6)
    assert arrays.roll.shape == (arrays.frame_count, 88, 3)
    assert arrays.fingers.shape == (2, arrays.frame_count, 5, 8)
    assert np.isfinite(arrays.style).all()
    assert np.isnan(take_arrays(replace(take, style=None)).style).all()
