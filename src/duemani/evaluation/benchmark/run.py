"""Models, floors and real hands measured alike: what `evaluate motion` does with a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from duemani.datasets.recorded.miditest import RealTake
from duemani.datasets.takes import FRAME_RATE, load_take
from duemani.errors import InputError
from duemani.evaluation.benchmark.players import SHIPPED_PLAYERS, Player
from duemani.evaluation.benchmark.table import Figure, summarise
from duemani.evaluation.motion.figures import (
    fid_figures,
    gesture_codes,
    joins_within,
    motion_figures,
    real_fid_floor,
)
from duemani.evaluation.motion.floors import frozen, of_other, reversed_in_time
from duemani.evaluation.motion.gesture_code import GestureEncoder
from duemani.evaluation.motion.measure import evaluate_motion
from duemani.evaluation.motion.real_tips import compare_with_real
from duemani.inputs.midi.read import load_midi
from duemani.models.diffusion.config import WINDOW_FRAMES
from duemani.models.diffusion.windows import OVERLAP_FRAMES
from duemani.motion import HandMotion
from duemani.performance import UNKNOWN_FINGER, UNKNOWN_HAND, Performance
from duemani.progress import Progress
from duemani.verbs.perform import SoundFeatures

HOP_SEC = (WINDOW_FRAMES - OVERLAP_FRAMES) / FRAME_RATE
REAL_HANDS_RATE = 60.0
# A note's onset needs frames around it to be seen.
_LAST_ONSET_SEC = 0.1

Runs = list[list[dict[str, float]]]
Made = tuple[Performance, HandMotion, float]


@dataclass(frozen=True)
class Excerpt:
    """The beginning of a take.

    Attributes:
        name: of the take.
        played: its notes, with the fingers that play them.
        real: its motion, what models are compared with.
        sound: what is heard, if there is sound.
        simulated: whether its hands are a simulated pianist's.
    """

    name: str
    played: Performance
    real: HandMotion
    sound: SoundFeatures | None
    simulated: bool

    @property
    def length_sec(self) -> float:
        """How long it lasts."""
        return self.real.frame_count / FRAME_RATE

    @property
    def notes(self) -> Performance:
        """The notes alone: hands and fingers are for the model to choose."""
        count = len(self.played.notes)
        return self.played.with_fingers(
            np.full(count, UNKNOWN_HAND), np.full(count, UNKNOWN_FINGER)
        )


def load_excerpt(path: Path, seconds: float) -> Excerpt:
    """The first seconds of a prepared take, or all of a shorter one.

    Raises:
        InputError: it is no take, or no note is played in that time.
    """
    take = load_take(path)
    frames = min(take.motion.frame_count, round(seconds * FRAME_RATE))
    played = take.performance.between(0.0, frames / FRAME_RATE - _LAST_ONSET_SEC)
    if not len(played.notes):
        raise InputError(f"no note is played in the first {seconds:g} s of {take.name}.")
    sound = None if take.sound is None else take.sound[:frames]
    real = take.motion.between(0.0, frames / FRAME_RATE)
    return Excerpt(take.name, played, real, sound, take.style is not None)


@dataclass(frozen=True)
class Benchmark:
    """Who is measured on what.

    Attributes:
        excerpts: the beginnings of takes.
        players: models by name.
        seeds: how many times a model with chance plays each.
        encoder: of FID; None for no FID.
    """

    excerpts: Sequence[Excerpt]
    players: Mapping[str, Player]
    seeds: int
    encoder: GestureEncoder | None = None

    def measure(self, progress: Progress) -> dict[str, dict[str, Figure]]:
        """A row for each model, then for the takes' own motion and what is made of it."""
        rows = {}
        for name, player in self.players.items():

            def play(take: Excerpt, seed: int, player: Player = player) -> Made:
                return player.play(take.notes, FRAME_RATE, seed, take.length_sec, take.sound)

            rows[name] = self._row(name, play, progress, player.has_windows)
        for name, motions in self._floors().items():

            def stand_in(take: Excerpt, _: int, by: Mapping[str, HandMotion] = motions) -> Made:
                return take.played, by[take.name], float("nan")

            rows[name] = self._row(name, stand_in, progress, has_windows=False)
        return rows

    def measure_real_hands(self, takes: Sequence[RealTake], progress: Progress) -> dict[str, Runs]:
        """For what `perform` offers: in each seed, figures of each take beside real hands.

        Raises:
            InputError: a take's MIDI cannot be read.
        """
        found: dict[str, Runs] = {}
        for name, player in SHIPPED_PLAYERS.items() if takes else ():
            count = self.seeds if player.has_windows else 1
            found[name] = [[] for _ in range(count)]
            for seed, run in enumerate(found[name]):
                for take in takes:
                    run.append(_beside_real_hands(player, take, seed))
                    share = (seed + len(run) / len(takes)) / count
                    progress(f"{name}, beside real hands", share)
        return found

    def fid_floor(self) -> float:
        """FID between two halves of the takes; NaN without an encoder."""
        return real_fid_floor(self._codes([take.real for take in self.excerpts]))

    def _row(
        self,
        name: str,
        make: Callable[[Excerpt, int], Made],
        progress: Progress,
        has_windows: bool,
    ) -> dict[str, Figure]:
        count = self.seeds if has_windows else 1
        real_codes = self._codes([take.real for take in self.excerpts])
        runs: Runs = []
        pooled: Runs = []
        for seed in range(count):
            runs.append([])
            motions = []
            for take in self.excerpts:
                played, whole, took_sec = make(take, seed)
                motion = whole.between(0.0, take.length_sec)
                joins = joins_within(motion, HOP_SEC) if has_windows else []
                figures = motion_figures(motion, take.real, played, joins)
                runs[-1].append(figures | {"sec_per_sec": took_sec / take.length_sec})
                motions.append(motion)
                progress(name, (seed + len(motions) / len(self.excerpts)) / count)
            pooled.append([fid_figures(real_codes, self._codes(motions))])
        return summarise(runs) | summarise(pooled)

    def _codes(self, motions: Sequence[HandMotion]) -> list[np.ndarray]:
        return [] if self.encoder is None else gesture_codes(self.encoder, motions)

    def _floors(self) -> dict[str, dict[str, HandMotion]]:
        real = {take.name: take.real for take in self.excerpts}
        floors = {
            "true motion": real,
            "frozen": {name: frozen(motion) for name, motion in real.items()},
            "reversed": {name: reversed_in_time(motion) for name, motion in real.items()},
        }
        if len(real) > 1:
            motions = list(real.values())
            floors["another take"] = {name: of_other(motions, at) for at, name in enumerate(real)}
        return floors


def _beside_real_hands(player: Player, take: RealTake, seed: int) -> dict[str, float]:
    played, motion, took_sec = player.play(load_midi(take.midi), REAL_HANDS_RATE, seed)
    return {
        **evaluate_motion(motion, played),
        **compare_with_real(motion, take.x_m, take.known, take.time_sec, take.frame_rate),
        "sec_per_sec": took_sec / (motion.frame_count / motion.frame_rate),
    }
