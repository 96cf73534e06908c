"""Who played each note: the reviewer against truth, by modality and on real fingertips.

    python -m benchmarks.who_played --data DATA [DATA …] [--weights FILE] [--takes N]

DATA are data sets of `duemani prepare simulated`; only pieces of the test split are looked at.
Hands there are simulated and filmed by simulated cameras, with tracking errors fitted to real
tracking (`benchmarks/tracker_noise.py`). MIDItest's fingertips and notes are real.
"""

from __future__ import annotations

import argparse
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.pieces import DATA
from duemani.datasets.recorded.miditest import TAKES, seen_tips
from duemani.datasets.simulated.filming import TrackerNoise, film_motion
from duemani.datasets.takes import list_takes, load_take
from duemani.evaluation.review.who_played import calibration_error, frame_accuracy, nearest_tips
from duemani.inputs.midi.read import load_midi
from duemani.lifting.on_keys import seen_on_film
from duemani.models.reviewer.judge import judge
from duemani.models.reviewer.note_inputs import ten_fingers
from duemani.models.reviewer.pretrained import SHIPPED, ReviewerNetwork, load_reviewer
from duemani.models.reviewer.prior import notes_prior
from duemani.models.reviewer.seen_hands import FRAME_RATE, SeenHands
from duemani.models.reviewer.windows import Evidence
from duemani.performance import Performance

MODES = {
    "hands, sound, notes": (True, True, True),
    "hands, notes": (True, False, True),
    "hands, pitches only": (True, False, False),
    "sound, notes": (False, True, True),
    "notes": (False, False, True),
}
_ONSET_SEC = 0.008
_PALM_M = 0.095


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="*", default=[])
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--takes", type=int, default=40)
    parser.add_argument("--modes", nargs="*", default=list(MODES))
    arguments = parser.parse_args()
    network = load_reviewer(arguments.weights)
    print(f"weights {network.sha256[:12]}")
    if arguments.data:
        simulated(network, arguments.data, arguments.takes, arguments.modes)
    if (DATA / "hands" / "miditest").is_dir():
        real(network)


def simulated(
    network: ReviewerNetwork, folders: list[Path], most: int, modes: list[str]
) -> dict[str, tuple[float, float, float]]:
    """Unseen pieces, unseen pianists, simulated cameras.

    Returns:
        By mode: accuracy of frames, of notes, and of notes where the nearest tip does not tell.
    """
    paths = [path for folder in folders for path in list_takes(folder)]
    takes = [take for take in map(load_take, paths) if take.split == "test"]
    order = np.random.default_rng(0).permutation(len(takes))[:most]
    rows: dict[str, list[np.ndarray]] = {mode: [] for mode in modes}
    rule: list[np.ndarray] = []
    spent = seconds = 0.0
    for at in order:
        take = takes[at]
        rng = np.random.default_rng(zlib.crc32(take.name.encode()))
        filmed, view = film_motion(take.motion, None, TrackerNoise(), rng)
        frames = take.motion.frame_count
        seen = seen_on_film(filmed, view, frames)
        notes = take.performance.notes.copy()
        shift = rng.normal(0, _ONSET_SEC, len(notes))
        shift = np.maximum(shift, -notes["onset_sec"])
        notes["onset_sec"] += shift
        notes["release_sec"] += shift
        order_of = np.lexsort((notes["pitch"], notes["onset_sec"]))
        notes, true = notes[order_of], take.performance.notes[order_of]
        prior = notes_prior(Performance(notes))
        truth = ten_fingers(true)
        near = nearest_tips(seen, notes)
        rule.append(np.stack([near.finger == truth, near.clear], 1))
        for mode in modes:
            hands, sound, told = MODES[mode]
            evidence = Evidence(
                notes,
                prior if told else None,
                seen if hands else None,
                take.sound.astype(np.float32) if sound and take.sound is not None else None,
                False,
            )
            began = time.process_time()
            judged = judge(network, evidence, frames)
            if mode == modes[0]:
                spent += time.process_time() - began
                seconds += frames / FRAME_RATE
            right, held = frame_accuracy(judged, true)
            found = judged.chances.argmax(1) == truth
            found_prior = prior.argmax(1) == truth
            rows[mode].append(
                np.array(
                    [
                        [right, held, found.sum(), len(found), found[~near.clear].sum(),
                         (~near.clear).sum(), found_prior.sum(),
                         calibration_error(judged.chances, truth) * len(found)]
                    ]
                )
            )  # fmt: skip
    by_rule = np.concatenate(rule)
    clear = by_rule[:, 1]
    print(f"\nsimulated hands, {len(order)} takes of unseen pieces, {len(by_rule)} notes")
    print(f"{'':24s} frames   notes  (spread)  ambiguous  calibration")
    print(
        f"{'nearest tip':24s}         {by_rule[:, 0].mean():.4f}"
        f"            {by_rule[~clear, 0].mean():.4f}      ({(~clear).mean():.3f} of the notes)"
    )
    for mode in modes:
        table = np.concatenate(rows[mode])
        each = table[:, 2] / table[:, 3]
        total = table.sum(0)
        print(
            f"{mode:24s} {total[0] / total[1]:.4f}  {total[2] / total[3]:.4f}  ±{each.std():.4f}"
            f"  {total[4] / total[5]:.4f}     {total[7] / total[3]:.4f}"
        )
    print(f"the fingering model alone  {total[6] / total[3]:.4f}")
    sums = {mode: np.concatenate(rows[mode]).sum(0) for mode in modes}
    figures = {
        mode: (float(s[0] / s[1]), float(s[2] / s[3]), float(s[4] / s[5]))
        for mode, s in sums.items()
    }
    print(f"model time {spent / seconds:.4f} s of CPU a second of audio")
    return figures


def real(network: ReviewerNetwork) -> None:
    """MIDItest: real fingertips, real MIDI; truth is the tip that is clearly nearest."""
    folder = DATA / "hands" / "miditest"
    print("\nMIDItest, real fingertips; notes whose nearest tip is clearly nearest")
    print("take   notes  clear  as tracked  30 % in bursts, 3x jitter  30 % of single frames")
    sums = np.zeros(7)
    for number in TAKES:
        performance = load_midi(folder / f"{number}.mid")
        seen = seen_tips(folder, number)
        length = seen.frame_count / FRAME_RATE
        notes = performance.notes[performance.notes["onset_sec"] < length]
        near = nearest_tips(seen, notes)
        clear = near.clear
        prior = notes_prior(Performance(notes))
        row = [len(notes), clear.sum()]
        rng = np.random.default_rng(number)
        for watched in (seen, worse(seen, rng, bursts=True), worse(seen, rng, bursts=False)):
            judged = judge(network, Evidence(notes, prior, watched, None, False), seen.frame_count)
            row.append(int((judged.chances.argmax(1) == near.finger)[clear].sum()))
            again = nearest_tips(watched, notes)
            row.append(int((again.finger == near.finger)[clear].sum()))
        kept = [row[0], row[1], row[2], row[4], row[6], row[5], row[7]]
        sums += kept
        told(str(number), kept)
    told("all", sums.tolist())


def told(name: str, row: list[float]) -> None:
    clear = max(row[1], 1)
    print(
        f"{name:5s}  {row[0]:5.0f}  {row[1]:5.0f}  {row[2] / clear:.4f}      {row[3] / clear:.4f}"
        f" (nearest tip {row[5] / clear:.4f})   {row[4] / clear:.4f}"
        f" (nearest tip {row[6] / clear:.4f})"
    )


def worse(seen: SeenHands, rng: np.random.Generator, bursts: bool) -> SeenHands:
    """30 % of the frames lost, and twice the fitted jitter more than there is."""
    noise = TrackerNoise()
    points = seen.points_m.copy()
    jitter = np.sqrt(8) * noise.jitter_palm[3] * _PALM_M
    points += jitter * rng.standard_normal(points.shape)
    wander = np.sqrt(8) * noise.wander_palm[3] * _PALM_M
    keep = np.exp(-1 / (FRAME_RATE * noise.wander_sec))
    drift = rng.standard_normal(points.shape) * wander
    for frame in range(1, len(points)):
        drift[frame] = keep * drift[frame - 1] + np.sqrt(1 - keep**2) * drift[frame]
    points += drift
    sure = seen.confidence.copy()
    for hand in range(2):
        if bursts:
            lost = _bursts(len(points), rng, noise.dropout_sec)
        else:
            lost = rng.random(len(points)) < 0.3
        points[lost, hand] = np.nan
        sure[lost, hand] = 0
    return replace(seen, points_m=points, confidence=sure)


def _bursts(frames: int, rng: np.random.Generator, mean_sec: float) -> np.ndarray:
    """Seen and lost in turn, 30 % lost, lost for `mean_sec` on average."""
    lost, at, state = np.zeros(frames, bool), 0, False
    mean = {True: mean_sec * FRAME_RATE, False: mean_sec * FRAME_RATE * 7 / 3}
    while at < frames:
        length = int(rng.geometric(1 / mean[state]))
        lost[at : at + length] = state
        at, state = at + length, not state
    return lost


if __name__ == "__main__":
    main()
