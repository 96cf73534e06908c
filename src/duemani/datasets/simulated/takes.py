"""Simulated pianists: real performances, played by the solver's hands and heard in a room.

Nothing here is motion capture. The music is real (ASAP, PercePiano, Vienna 4x22) or a generated
exercise; the pianist (size of hand, style, fingering) and the piano, room and noise are drawn
from a seed that each take's name fixes, so any take can be made again by itself.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass, replace

import numpy as np

from duemani.datasets.simulated.config import Simulation
from duemani.datasets.simulated.music import MusicSource, load_music
from duemani.datasets.simulated.rooms import hear
from duemani.datasets.takes import FRAME_RATE, MotionTake
from duemani.media.spectra import sound_features
from duemani.models.fingering.choose import assign_fingers, choose_fingers
from duemani.models.fingering.reach import CHORD_SHARE_OF_SPAN
from duemani.models.solver.solve import solve_motion
from duemani.models.solver.style import Style, sample_style
from duemani.performance import Performance

_LEAST_NOTES = 8
_LIKELY = 0.15
# What every finger is likely beside the model's own chances, where a learner chooses, and in what
# share of the notes one does.
_ANY_FINGER, _LEARNERS_OWN = 0.15, (0.1, 0.7)


@dataclass(frozen=True)
class TakeOrder:
    """One take to be made: which music, from when, and the seed of all else."""

    name: str
    source: MusicSource
    start_share: float
    seed: int


def take_orders(sources: list[MusicSource], simulation: Simulation) -> list[TakeOrder]:
    """The takes of a simulation in a random but fixed order, so that any beginning is a sample."""
    orders = []
    for source in sources:
        count = max(round(simulation.takes_per_piece * source.share), 1)
        for number in range(count):
            name = f"{source.name}#{number}"
            seed = zlib.crc32(f"{simulation.seed}/{name}".encode())
            rng = np.random.default_rng(seed)
            file = name.replace("/", "_").replace("#", "-").replace(" ", "_")
            orders.append(TakeOrder(file, source, float(rng.random()), seed))
    order = np.random.default_rng(simulation.seed).permutation(len(orders))
    return [orders[at] for at in order]


def simulate(order: TakeOrder, simulation: Simulation) -> MotionTake:
    """Let one simulated pianist play.

    Raises:
        InputError: the music cannot be read, or too little of it is there.
    """
    rng = np.random.default_rng(order.seed)
    music = _part(load_music(order.source, order.seed), order.start_share, simulation.take_sec)
    style = replace(sample_style(order.seed), seed=order.seed % 1_000_003)
    fingered = _finger(music, style, simulation, rng)
    motion = solve_motion(fingered, style, FRAME_RATE)
    plain = simulation.plain_share > 0 and rng.random() < simulation.plain_share
    samples = hear(fingered, motion.frame_count / FRAME_RATE, rng, plain)
    return MotionTake(
        name=order.name,
        piece=order.source.piece,
        composer=order.source.composer,
        performance=fingered,
        motion=replace(motion, provenance={"model": "solver", "style": asdict(style)}),
        style=style,
        sound=sound_features(samples, motion.frame_count),
    )


def _part(music: Performance, start_share: float, seconds: float) -> Performance:
    from duemani.errors import InputError

    spare = max(music.duration_sec - seconds, 0.0)
    start = start_share * spare
    part = music.between(start, start + seconds)
    if len(part.notes) < _LEAST_NOTES:
        raise InputError(f"only {len(part.notes)} notes; at least {_LEAST_NOTES} are needed.")
    return part


def _finger(
    music: Performance, style: Style, simulation: Simulation, rng: np.random.Generator
) -> Performance:
    """Fingers of this pianist: the best ones, or some second-best ones and what follows."""
    span = style.hand_span_m * CHORD_SHARE_OF_SPAN
    if simulation.learner_share and rng.random() < simulation.learner_share:
        return _learner_fingers(music, span, rng)
    if rng.random() >= simulation.alternative_share:
        return assign_fingers(music, span)
    best = choose_fingers(music, span)
    notes = best.performance.notes
    second = np.argsort(best.chances, axis=1)[:, -2]
    likely = best.chances[np.arange(len(notes)), second] > _LIKELY
    changed = likely & (rng.random(len(notes)) < simulation.alternative_notes / 0.3)
    finger = np.where(changed, second + 1, 0)
    given = np.where(music.notes["finger"] > 0, music.notes["finger"], finger)
    asked = music.with_fingers(notes["hand"], given)
    return choose_fingers(asked, span, keep="soft").performance


def _learner_fingers(music: Performance, span: float, rng: np.random.Generator) -> Performance:
    """Fingers of somebody who has not learnt which are good: any, in a share of the notes."""
    best = choose_fingers(music, span)
    notes = best.performance.notes
    others = best.chances + _ANY_FINGER
    others[np.arange(len(notes)), notes["finger"] - 1] = 0
    drawn = (others.cumsum(1) > rng.random((len(notes), 1)) * others.sum(1)[:, None]).argmax(1) + 1
    changed = rng.random(len(notes)) < rng.uniform(*_LEARNERS_OWN)
    given = np.where(music.notes["finger"] > 0, music.notes["finger"], 0)
    asked = music.with_fingers(notes["hand"], np.where(changed, drawn, given))
    return choose_fingers(asked, span, keep="soft").performance
