"""The reviewer as a file: a whole take judged in windows, and files that are no such model."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from safetensors.numpy import load, save

from duemani.errors import InputError
from duemani.models.diffusion.pretrained import load_networks
from duemani.models.reviewer.judge import Judgement, judge
from duemani.models.reviewer.pretrained import ReviewerNetwork, load_reviewer
from duemani.models.reviewer.windows import Evidence, parts, window_inputs
from tests.helpers.reviewer_model import exported_reviewer, some_evidence

FRAMES = 700


@pytest.fixture(scope="module")
def model() -> Path:
    return exported_reviewer()[0]


@pytest.fixture(scope="module")
def network(model: Path) -> ReviewerNetwork:
    return load_reviewer(model)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return some_evidence(150, FRAMES)


def assert_sound(judged: Judgement, notes: int, frames: int) -> None:
    """Everything is there, finite and in range."""
    assert judged.chances.shape == (notes, 10)
    assert judged.pressing.shape == (frames, 10)
    assert judged.pedal.shape == (frames,)
    np.testing.assert_allclose(judged.chances.sum(1), 1, atol=1e-5)
    for chance in (judged.chances, judged.pressing, judged.pedal):
        assert ((chance >= 0) & (chance <= 1)).all()
    assert ((judged.velocity >= 1) & (judged.velocity <= 127)).all()
    for values in (judged.velocity_spread, judged.length_spread):
        assert values.shape == (notes,)
        assert (values > 0).all()
    assert (judged.onset_sec >= 0).all()
    assert (judged.release_sec > judged.onset_sec).all()


def test_a_long_take_is_judged_as_its_windows_are(
    network: ReviewerNetwork, evidence: Evidence
) -> None:
    shares: list[float] = []
    judged = judge(network, evidence, FRAMES, shares.append)
    assert_sound(judged, 150, FRAMES)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    shown = list(parts(evidence, FRAMES))
    assert len(shown) == len(shares) == 5
    for part in shown:
        told = network.judge(window_inputs(part.evidence))
        own = np.flatnonzero(part.own)
        np.testing.assert_allclose(judged.chances[part.notes[own]], told["finger"][own], atol=1e-6)
        velocity = np.clip(64 + 24 * told["touch"][own, 0], 1, 127)
        np.testing.assert_allclose(judged.velocity[part.notes[own]], velocity, rtol=1e-5)
        first, last = part.own_frames
        inside = slice(first - part.start, last - part.start)
        np.testing.assert_allclose(judged.pressing[first:last], told["pressing"][inside], atol=1e-6)
        np.testing.assert_allclose(judged.pedal[first:last], told["pedal"][inside], atol=1e-6)


def test_judging_is_repeatable_and_leaves_the_evidence_alone(
    network: ReviewerNetwork, evidence: Evidence
) -> None:
    before = evidence.notes.tobytes()
    one, again = judge(network, evidence, FRAMES), judge(network, evidence, FRAMES)
    np.testing.assert_array_equal(one.chances, again.chances)
    np.testing.assert_array_equal(one.pedal, again.pedal)
    assert evidence.notes.tobytes() == before


def test_a_take_that_starts_later_is_judged_alike(network: ReviewerNetwork) -> None:
    """Moved by one step of the windows, so that they lie alike."""
    early = some_evidence(40, 150)
    notes = early.notes.copy()
    notes["onset_sec"] += 160 / 30
    notes["release_sec"] += 160 / 30
    assert early.seen is not None
    assert early.sound is not None
    unseen = np.full((160, 2, 11, 2), np.nan)
    seen = replace(
        early.seen,
        points_m=np.concatenate([unseen, early.seen.points_m]),
        height_m=np.concatenate([unseen[:, :, :5, 0], early.seen.height_m]),
        confidence=np.concatenate([np.zeros((160, 2)), early.seen.confidence]),
    )
    sound = np.concatenate([np.zeros((160, 456), np.float32), early.sound])
    late = replace(early, notes=notes, seen=seen, sound=sound)
    one, other = judge(network, early, 150), judge(network, late, 310)
    np.testing.assert_allclose(one.chances, other.chances, atol=1e-4)
    np.testing.assert_allclose(one.pressing, other.pressing[160:], atol=1e-4)
    np.testing.assert_allclose(one.release_sec, other.release_sec - 160 / 30, atol=1e-3)


@pytest.mark.parametrize(
    "missing",
    [
        {"seen": None},
        {"sound": None},
        {"seen": None, "sound": None},
        {"seen": None, "sound": None, "prior": None, "velocity_known": False},
    ],
)
def test_less_evidence_is_judged_too(
    network: ReviewerNetwork, evidence: Evidence, missing: dict[str, bool | None]
) -> None:
    whole = judge(network, evidence, FRAMES)
    judged = judge(network, replace(evidence, **missing), FRAMES)  # type: ignore[arg-type]
    assert_sound(judged, 150, FRAMES)
    assert np.abs(judged.chances - whole.chances).max() > 1e-3


@pytest.mark.parametrize("frames", [0, 1, 160, 161])
def test_takes_without_notes(network: ReviewerNetwork, frames: int) -> None:
    none = some_evidence(0, max(frames, 1))
    assert_sound(judge(network, none, frames), 0, frames)
    bare = Evidence(none.notes, None, None, None, False)
    judged = judge(network, bare, frames)
    assert_sound(judged, 0, frames)
    assert (judged.pressing == 0).all()  # nothing was looked at


@pytest.mark.parametrize("length", [1, 100, 900])
def test_films_and_recordings_may_be_shorter_or_longer(
    network: ReviewerNetwork, length: int
) -> None:
    evidence = replace(
        some_evidence(30, 300),
        seen=some_evidence(0, length).seen,
        sound=some_evidence(0, length).sound,
    )
    assert_sound(judge(network, evidence, 300), 30, 300)


def test_who_holds_a_key_is_who_struck_it_and_presses_now(network: ReviewerNetwork) -> None:
    judged = judge(network, some_evidence(2, 60), 60)
    chances, pressing = np.full((2, 10), 0.05), np.zeros((60, 10))
    chances[0, [1, 2]], chances[1, 7] = 0.3, 0.55
    pressing[10, 2] = 1
    judged = replace(judged, chances=chances, pressing=pressing)
    made = judged.frame_chances(np.array([0, 10, 10]), np.array([0, 0, 1]))
    np.testing.assert_allclose(made.sum(1), 1)
    np.testing.assert_allclose(made[0], chances[0])  # nobody presses: as struck
    assert made[1].argmax() == 2
    assert made[1, 2] / made[1, 1] == pytest.approx(3)
    assert made[2].argmax() == 7
    assert judged.frame_chances(np.zeros(0, int), np.zeros(0, int)).shape == (0, 10)


# --- files ----------------------------------------------------------------------------------------


def cut_off(data: bytes) -> bytes:
    return data[: len(data) // 2]


def without_header(data: bytes) -> bytes:
    return data[8:]


def with_metadata(change: Callable[[dict[str, str]], None]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        change(metadata)
        return save(load(data), metadata)

    return changed


def another_format(metadata: dict[str, str]) -> None:
    metadata["format"] = "duemani.motion_model/1"


def a_later_format(metadata: dict[str, str]) -> None:
    metadata["format"] = "duemani.reviewer_model/2"


def no_settings(metadata: dict[str, str]) -> None:
    metadata["settings"] = "[]"


def strange_network(metadata: dict[str, str]) -> None:
    settings = json.loads(metadata["settings"])
    settings["network"]["layers"] = 3
    metadata["settings"] = json.dumps(settings)


def given_otherwise(metadata: dict[str, str]) -> None:
    settings = json.loads(metadata["settings"])
    settings["given"] = settings["given"][::-1]
    metadata["settings"] = json.dumps(settings)


@pytest.mark.parametrize(
    "damage",
    [
        cut_off,
        without_header,
        lambda _: b"\x80\x04cos\nsystem\n.",
        lambda _: b"\x08\0\0\0\0\0\0\0{}      ",
        with_metadata(another_format),
        with_metadata(a_later_format),
        with_metadata(no_settings),
        with_metadata(strange_network),
        with_metadata(given_otherwise),
    ],
)
def test_what_is_no_reviewer_is_refused(
    model: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(damage(model.read_bytes()))
    with pytest.raises(InputError, match="no reviewer model") as told:
        load_reviewer(path)
    assert "train reviewer" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_empty_or_missing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        load_reviewer(tmp_path / "empty.safetensors")
    with pytest.raises(InputError):
        load_reviewer(tmp_path / "missing.safetensors")


def test_another_models_file_is_refused_by_either(model: Path) -> None:
    with pytest.raises(InputError, match="no motion model"):
        load_networks(model)


def test_the_hash_is_checked(model: Path, tmp_path: Path) -> None:
    data = model.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert load_reviewer(model, digest).sha256 == digest
    path = tmp_path / "w.safetensors"
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match="damaged"):
        load_reviewer(path, digest)


@pytest.mark.parametrize("how", ["cut", "missing", "graph"])
def test_weights_that_do_not_fit_are_refused(model: Path, tmp_path: Path, how: str) -> None:
    data = model.read_bytes()
    size = int.from_bytes(data[:8], "little")
    metadata, tensors = json.loads(data[8 : 8 + size])["__metadata__"], load(data)
    if how == "cut":
        tensors["reviewer.hear.weight"] = tensors["reviewer.hear.weight"][:, :5].copy()
    elif how == "missing":
        del tensors["reviewer.hear.weight"]
    else:
        del tensors["graph.judge"]
    path = tmp_path / "w.safetensors"
    path.write_bytes(save(tensors, metadata))
    with pytest.raises(InputError, match="do not fit together"):
        load_reviewer(path)


def test_weights_are_kept_in_sixteen_bits_and_once(model: Path) -> None:
    data = model.read_bytes()
    tensors = load(data)
    kinds = {value.dtype for name, value in tensors.items() if not name.startswith("graph.")}
    assert kinds == {np.dtype(np.float16)}
    weights = sum(v.size for name, v in tensors.items() if not name.startswith("graph."))
    _, reviewer = exported_reviewer()
    assert weights == sum(p.numel() for p in reviewer.parameters())
