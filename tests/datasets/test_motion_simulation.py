"""Simulated pianists: which music, and takes that anyone can make again bit for bit."""

import csv
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from duemani.datasets.simulated import music as motion_sources
from duemani.datasets.simulated.config import Simulation
from duemani.datasets.simulated.music import list_sources, load_music
from duemani.datasets.simulated.prepare import prepare_simulated
from duemani.datasets.simulated.rooms import hear
from duemani.datasets.simulated.takes import TakeOrder, simulate, take_orders
from duemani.datasets.takes import FRAME_RATE, list_takes
from duemani.errors import InputError
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.media.spectra import FEATURE_COUNT, SAMPLE_RATE_HZ
from duemani.performance import Performance, make_notes
from tests.helpers.inputs import midi_bytes, write

SHORT = Simulation(takes_per_piece=1, take_sec=3.0)


def melody(count: int, seed: int = 0) -> bytes:
    pitch = 60 + np.cumsum(np.random.default_rng(seed).integers(-3, 4, count))
    return midi_bytes([(0.2 + 0.25 * at, 0.4 + 0.25 * at, int(p)) for at, p in enumerate(pitch)])


ROWS = {
    "Bach/Fugue/one.mid": ("Bach", "Bach/Fugue"),
    "Bach/Air_no_repeat/one.mid": ("Bach", "Bach/Air_no_repeat"),
    "Bach/Air/two.mid": ("Bach", "Bach/Air"),
    "Mozart/Rondo/one.mid": ("Mozart", "Mozart/Rondo"),
    "Bach/Lost/one.mid": ("Bach", "Bach/Lost"),
}


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three good files, one too short, one that is no MIDI, one missing; and no exercises."""
    monkeypatch.setattr(motion_sources, "_technique", list)
    root = tmp_path / "performances" / "asap"
    for at, name in enumerate(ROWS):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if "Lost" not in name:
            write(root / name, melody(24, at))
    write(root / "Bach/Fugue/one.mid", b"MThd, or so it says")
    write(root / "Mozart/Rondo/one.mid", melody(5))
    with (root / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["composer", "folder", "midi_performance"])
        writer.writerows((*facts, name) for name, facts in ROWS.items())
    return root.parent


def test_sources_are_pieces_with_their_composers(music: Path) -> None:
    sources = list_sources(music)
    assert {(s.piece, s.composer) for s in sources} == {
        ("Bach/Fugue", "Bach"),
        ("Bach/Air", "Bach"),
        ("Mozart/Rondo", "Mozart"),
    }
    assert len({s.name for s in sources}) == len(sources) == 4
    assert len(list_sources(music, most_of_a_piece=1)) == 3
    with pytest.raises(InputError, match="holds none of"):
        list_sources(music / "asap")


def test_exercises_are_played_with_a_tempo_and_touch_of_their_own() -> None:
    source = next(s for s in motion_sources._technique() if "scales" in s.name)
    one, again, other = (load_music(source, seed) for seed in (1, 1, 2))
    assert one.notes.tobytes() == again.notes.tobytes()
    assert sorted(one.notes["pitch"]) == sorted(other.notes["pitch"])
    assert one.duration_sec != other.duration_sec
    assert (one.notes["finger"] > 0).all()
    assert np.ptp(one.notes["velocity"]) > 5


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_takes_are_simulated_once_and_the_bad_ones_named(music: Path, tmp_path: Path) -> None:
    folder, shares = tmp_path / "set", []
    counts = prepare_simulated(
        music, folder, SHORT, workers=2, report=lambda _, share: shares.append(share)
    )
    assert counts == {"made": 2, "kept": 0, "skipped": 2}
    assert shares == [0.25, 0.5, 0.75, 1]
    with (folder / "skipped.tsv").open(newline="") as file:
        skipped = {row["name"]: row["reason"] for row in csv.DictReader(file, delimiter="\t")}
    assert sorted(skipped) == ["asap_Bach_Fugue_one-0", "asap_Mozart_Rondo_one-0"]
    assert "5 notes" in skipped["asap_Mozart_Rondo_one-0"]
    first = tree(folder)
    # Stopped: one take is cut off, another missing; the rest stays as it is.
    kept, damaged = list_takes(folder)
    damaged.write_bytes(damaged.read_bytes()[:1000])
    stamp = kept.stat().st_mtime_ns
    counts = prepare_simulated(music, folder, SHORT, workers=1)
    assert counts == {"made": 1, "kept": 1, "skipped": 2}
    assert kept.stat().st_mtime_ns == stamp
    assert tree(folder) == first  # bit for bit, made by whichever process
    with pytest.raises(InputError, match="other settings"):
        prepare_simulated(music, folder, replace(SHORT, seed=1), workers=1)


def test_a_sample_of_the_takes(music: Path, tmp_path: Path) -> None:
    orders = take_orders(list_sources(music), replace(SHORT, takes_per_piece=3))
    assert len({order.name for order in orders}) == len({order.seed for order in orders}) == 12
    assert orders == take_orders(list_sources(music), replace(SHORT, takes_per_piece=3))
    other = take_orders(list_sources(music), Simulation(seed=1, takes_per_piece=3))
    assert {o.name for o in other} == {o.name for o in orders}
    assert {o.seed for o in other}.isdisjoint(o.seed for o in orders)
    counts = prepare_simulated(music, tmp_path / "set", SHORT, workers=1, most=1)
    assert sum(counts.values()) == 1


def test_a_take_follows_from_its_seed(music: Path) -> None:
    source = next(s for s in list_sources(music) if s.piece == "Bach/Air")
    order = TakeOrder("air", source, 0.5, 77)
    one, again, other = (simulate(o, SHORT) for o in (order, order, replace(order, seed=78)))
    np.testing.assert_array_equal(one.motion.landmarks_m, again.motion.landmarks_m)
    np.testing.assert_array_equal(one.sound, again.sound)
    np.testing.assert_array_equal(one.performance.notes, again.performance.notes)
    assert one.style == again.style != other.style
    assert np.abs(one.motion.landmarks_m[:, :60] - other.motion.landmarks_m[:, :60]).max() > 1e-3
    assert one.sound is not None
    assert one.sound.shape == (one.motion.frame_count, FEATURE_COUNT)
    assert one.motion.frame_rate == FRAME_RATE
    assert one.performance.duration_sec <= SHORT.take_sec
    assert evaluate_motion(one.motion, one.performance)["recall"] > 0.9
    assert one.motion.provenance["style"] == asdict(one.style)  # type: ignore[call-overload]


@pytest.mark.parametrize("seed", range(4))
def test_notes_are_heard_when_they_are_struck(seed: int) -> None:
    played = Performance.create(make_notes([(1.0, 1.5, 64, 90)]))
    heard = hear(played, 2.5, np.random.default_rng(seed)).astype(float)
    assert len(heard) == round(2.5 * SAMPLE_RATE_HZ)
    assert np.isfinite(heard).all()
    before, struck = (heard[round(a * SAMPLE_RATE_HZ) :][:2000] for a in (0.85, 1.0))
    assert np.sqrt(np.mean(struck**2)) > 10 * np.sqrt(np.mean(before**2))
