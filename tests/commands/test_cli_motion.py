"""`prepare simulated`, `train motion`, and `perform` by the diffusion model, as users run them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from duemani.cli import main
from duemani.datasets.takes import list_takes, load_take, split_of
from duemani.errors import InputError
from duemani.models.diffusion import pretrained
from duemani.models.solver.style import Style
from duemani.motion import load_motion, save_motion
from tests.helpers.inputs import NOTES, midi_bytes

needs_training = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "lightning", "diffusers", "onnx")),
    reason="needs the extra `train`",
)
LONG = tuple((0.3 * i, 0.3 * i + 0.25, 60 + (2 * i) % 13) for i in range(30))


@pytest.fixture
def run(capfd):
    """Runs a command in this process; gives code, standard output and standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        code = main([*map(str, arguments)])
        return code, *capfd.readouterr()

    return run_it


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A folder like Vienna 4x22's: short performances of four pieces to learn, two to validate."""
    folder = tmp_path_factory.mktemp("performances") / "vienna4x22" / "midi"
    folder.mkdir(parents=True)
    split = {n: split_of(f"vienna/Somebody_piece{n:02}") for n in range(99)}
    learnt = [n for n in split if split[n] == "train"][:4]
    for number in learnt + [n for n in split if split[n] == "valid"][:2]:
        notes = [(onset, release, pitch + number % 5) for onset, release, pitch in LONG]
        (folder / f"Somebody_piece{number:02}_p01.mid").write_bytes(midi_bytes(notes))
    return folder.parents[1]


@pytest.fixture
def midi(tmp_path):
    path = tmp_path / "notes.mid"
    path.write_bytes(midi_bytes(NOTES))
    return path


@needs_training
def test_from_music_to_a_model_to_hands(run, music, midi, tmp_path):
    data, model = tmp_path / "data", tmp_path / "own.safetensors"
    code, out, _ = run(
        "prepare", "simulated", music, "-o", data, "--takes", 6, "--workers", 1,
        "--simulation.take-sec", 6, "--simulation.takes-per-piece", 1, "--json",
    )  # fmt: skip
    assert code == 0
    counts = json.loads(out)
    assert counts["made"] == 6
    assert (data / "skipped.tsv").read_text().startswith("name\treason")
    code, out, _ = run("train", "motion", data, "-o", model, "--quick", "--threads", 1, "--json")
    assert code == 0
    facts = json.loads(out)
    assert facts["takes"] == sum(load_take(p).split == "train" for p in list_takes(data))
    assert model.stat().st_size < 16_000_000
    logged = next(model.with_suffix(".work").glob("logs/denoiser/*/metrics.csv")).read_text()
    assert "tips" in logged.splitlines()[0]

    hands = tmp_path / "hands.npz"
    code, _, err = run("perform", midi, "-o", hands, "--weights", model)
    assert (code, err) == (0, "")
    motion = load_motion(hands)
    assert motion.provenance["weights"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert np.isfinite(motion.landmarks_m).all()


def test_the_default_is_the_diffusion_model_and_the_solver_is_there(run, midi, tmp_path):
    code, _, _ = run("perform", midi, "-o", tmp_path / "drawn.npz")
    assert code == 0
    drawn = load_motion(tmp_path / "drawn.npz")
    assert drawn.provenance["model"] == "diffusion"
    assert drawn.provenance["weights"] == pretrained.SHIPPED_SHA256
    code, _, _ = run("perform", midi, "-o", tmp_path / "solved.npz", "--model", "solver")
    assert code == 0
    assert load_motion(tmp_path / "solved.npz").provenance["model"] == "solver"


def test_variations_differ_and_repeat(run, midi, tmp_path):
    made = []
    for name, variation in (("a", 1), ("b", 1), ("c", 2)):
        code, _, _ = run(
            "perform", midi, "-o", tmp_path / f"{name}.npz", "--diffusion.variation", variation
        )
        assert code == 0
        made.append(load_motion(tmp_path / f"{name}.npz").rotations_rad)
    assert np.array_equal(made[0], made[1])
    assert np.abs(made[0] - made[2]).max() > 0.01


def test_a_style_is_taken_over_from_motion(run, midi, tmp_path):
    seen = tmp_path / "seen.mid"
    seen.write_bytes(midi_bytes(LONG))
    flat, curled = tmp_path / "flat.npz", tmp_path / "curled.npz"
    curls = []
    for path, curl in ((flat, "0.1"), (curled, "0.9")):
        assert run("perform", seen, "-o", path, "--style.finger-curl", curl)[0] == 0
        code, _, _ = run("perform", midi, "-o", tmp_path / "like.npz", "--style-from", path)
        assert code == 0
        curls.append(load_motion(tmp_path / "like.npz").provenance["style"]["finger_curl"])
    assert curls[1] - curls[0] > 0.1


def test_too_little_motion_tells_no_style(run, midi, tmp_path):
    assert run("perform", midi, "-o", tmp_path / "a.npz")[0] == 0
    motion = load_motion(tmp_path / "a.npz")
    save_motion(tmp_path / "a.npz", replace(motion, tracked=np.zeros_like(motion.tracked)))
    code, out, err = run(
        "perform", midi, "-o", tmp_path / "b.npz", "--style-from", tmp_path / "a.npz"
    )
    assert (code, out) == (2, "")
    assert "four seconds" in err
    assert not (tmp_path / "b.npz").exists()


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (b"", "empty"),
        (b"\x80\x04cos\nsystem\n.", "no motion model"),
        (b"\x08\0\0\0\0\0\0\0{}      ", "no motion model"),
        (b"PK\x03\x04" + b"\0" * 100, "no motion model"),
    ],
)
def test_foreign_weights_are_refused(run, midi, tmp_path, contents, told):
    (tmp_path / "w.safetensors").write_bytes(contents)
    code, out, err = run(
        "perform", midi, "-o", tmp_path / "o.npz", "--weights", tmp_path / "w.safetensors"
    )
    assert (code, out) == (2, "")
    assert told in err
    assert not (tmp_path / "o.npz").exists()


def test_the_shipped_weights_have_the_hash_that_is_checked(tmp_path):
    data = pretrained.SHIPPED.read_bytes()
    assert hashlib.sha256(data).hexdigest() == pretrained.SHIPPED_SHA256
    assert len(data) <= 16_000_000
    damaged = tmp_path / "motion.safetensors"
    damaged.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match="damaged"):
        pretrained.load_networks(damaged, pretrained.SHIPPED_SHA256)


def test_weights_of_wrong_shapes_are_refused(tmp_path):
    from safetensors.numpy import load, save

    data = pretrained.SHIPPED.read_bytes()
    size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    tensors = load(data)
    name = "denoiser.streams.0.leave.weight"
    tensors[name] = tensors[name][:, :5].copy()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(save(tensors, metadata))
    with pytest.raises(InputError, match="do not fit together"):
        pretrained.load_networks(path)


def test_sound_alone_needs_a_recording(run, midi, tmp_path):
    code, out, err = run("perform", midi, "-o", tmp_path / "o.npz", "--diffusion.told", "sound")
    assert (code, out) == (2, "")
    assert "needs a recording" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("prepare", "simulated", "NOWHERE", "-o", "OUT"), "holds none of asap/"),
        (("prepare", "simulated", "NOWHERE", "-o", "OUT", "--takes", "-1"), "0 or more"),
        (("perform", "MIDI", "-o", "OUT.npz", "--diffusion.steps", "0"), "1 to 1000"),
        (("perform", "MIDI", "-o", "OUT.npz", "--diffusion.guidance", "2"), "between 0 and 1"),
    ],
)
def test_wrong_wishes_get_one_sentence(run, midi, tmp_path, arguments, told):
    places = {
        "NOWHERE": tmp_path,
        "OUT": tmp_path / "o",
        "MIDI": midi,
        "OUT.npz": tmp_path / "o.npz",
    }
    code, out, err = run(*(places.get(word, word) for word in arguments))
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@needs_training
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-o", "m.txt"), "accepted is .safetensors"),
        (("-o", "m.safetensors", "--scale", "0"), "above 0"),
        (("-o", "m.safetensors"), "no prepared motion data set"),
    ],
)
def test_training_refuses_what_it_cannot_use(run, tmp_path, arguments, told):
    _, name, *others = arguments
    code, out, err = run("train", "motion", tmp_path, "-o", tmp_path / name, *others)
    assert (code, out) == (2, "")
    assert told in err
    assert not (tmp_path / name).exists()


def test_a_style_has_a_code_and_back():
    from duemani.models.diffusion.conditions.style_code import style_code, style_of

    style = Style(hand_span_m=0.2, wrist_height_m=0.05, finger_curl=0.3, lift_m=0.02)
    assert np.allclose(style_code(style_of(style_code(style))), style_code(style))
