"""Train the fingering model's weights from a folder of fingered scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from duemani.datasets.fingering.canonical import canonical_pieces
from duemani.datasets.fingering.handed import handed_pieces
from duemani.datasets.fingering.scores import FingeredPiece, is_held_out, read_fingered_pieces
from duemani.files import replacing
from duemani.models.convolution import Weights
from duemani.training.fingering.network import FingeringNetwork, negative_log_likelihood
from duemani.training.fingering.windows import TrainingLines
from duemani.training.hands.search import fit_hand_weights
from duemani.training.hands.train import fit_hands

PROVENANCE = (
    "Trained on fingered scores: Mutopia Project editions (public domain, CC BY and CC BY-SA"
    " rows), Beringer and Dunhill's scales, arpeggios and broken chords in abcD (MIT), 35"
    " exercises of Czerny op. 599 (work in the public domain, licence of the edition not stated:"
    " used for training only, nothing of it is contained), and generated canonical exercises."
    " Hands: staves of those and of the ASAP data set's score MIDI (CC BY-NC-SA 4.0)."
)


# Beringer's hands run in parallel octaves: they say nothing about telling hands apart.
_TWO_HANDED = ("mutopia", "czerny599")
_PRINTS_PER_WINDOW = 20


@dataclass(frozen=True)
class FingeringTraining:
    """How the networks are fitted.

    Attributes:
        networks: how many, from different seeds; their potentials are averaged.
        epochs: passes over all windows.
        window_events: events a window; its first two only prepare the others.
        batch_windows: windows a step.
        learning_rate: of AdamW, falling to 0 along a cosine.
        averaging: of the weights over the steps, exponential.
        weight_decay: of AdamW, for the network.
        table_shrinkage: of the plain tables' squares.
        width, hidden: units of the network's trunk and heads.
        dropout, input_dropout: share of units, of input columns left out.
        transposed_share: share of batches in another key.
        canonical_share: how many of the generated exercises' windows a pass takes.
        temperature: of the potentials in use, so that probabilities are honest (found on
            pieces kept from training).
        seed: of everything.
    """

    networks: int = 6
    epochs: int = 14
    window_events: int = 48
    batch_windows: int = 24
    learning_rate: float = 1e-3
    averaging: float = 0.99
    weight_decay: float = 0.1
    table_shrinkage: float = 3.0
    width: int = 56
    hidden: int = 32
    dropout: float = 0.35
    input_dropout: float = 0.15
    transposed_share: float = 0.5
    canonical_share: float = 0.25
    temperature: float = 1.2
    seed: int = 0


def train_fingering(
    data_dir: str | Path,
    output: str | Path,
    config: FingeringTraining | None = None,
    hold_out: bool = True,
    hands_from: str | Path | None = None,
    report: Callable[[str, float], None] | None = None,
) -> Path:
    """Fit the fingers' networks, then the hands', and write them as `.npz`.

    Args:
        data_dir: see `duemani.datasets.fingering`.
        output: weights file (16-bit floats, config and provenance in JSON).
        config: how to fit.
        hold_out: leave the test pieces out, so that figures can be measured; otherwise train the
            fingers on all (the hands are always trained without the test pieces).
        hands_from: folder of two-track score MIDI to learn the hands from as well, see
            `duemani.datasets.handed`.
        report: called with the stage and its share done, 0-1.

    Raises:
        InputError: the folder holds no fingered pieces, or the output cannot be written.
    """
    config = config or FingeringTraining()
    collected = read_fingered_pieces(data_dir)
    pieces = [piece for piece in collected if not (hold_out and is_held_out(piece.name))]
    stages = [None if report is None else partial(report, stage) for stage in ("fingers", "hands")]
    networks = fit_networks(pieces, config, stages[0])
    two_handed = [piece for piece in collected if piece.source in _TWO_HANDED]
    handed = handed_pieces(two_handed, hands_from)
    # On the fingered pieces alone the network does worse than the search without it.
    if hands_from is not None:
        hands = fit_hands(handed, report=stages[1])
    else:
        kept = {piece.name for piece in handed}
        hands = {"hands": fit_hand_weights([p for p in two_handed if p.name in kept])}
    about = {"pieces": len(pieces), "handed_pieces": len(handed), "held_out": hold_out}
    return write_weights(output, networks, hands, config, about)


def write_weights(
    output: str | Path,
    networks: list[Weights],
    hands: Weights,
    config: FingeringTraining,
    about: Mapping[str, object],
) -> Path:
    """Write a weights file for `FingeringModel.load`.

    Args:
        output: the file, replaced at once.
        networks: of the fingers.
        hands: arrays from `fit_hands`.
        config: how the fingers were fitted.
        about: more to be stored as JSON.
    """
    told = {"format": "duemani.fingering/2", "provenance": PROVENANCE, "config": asdict(config)}
    arrays = {
        f"{at}/{name}": values.astype(np.float16)
        for at, weights in enumerate(networks)
        for name, values in weights.items()
    }
    stored = {
        "temperature": np.array(config.temperature),
        "about": np.array(json.dumps({**told, **about})),
    }
    with replacing(Path(output)) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **hands, **arrays, **stored)
    return Path(output)


def fit_networks(
    pieces: list[FingeredPiece],
    config: FingeringTraining,
    report: Callable[[float], None] | None = None,
) -> list[Weights]:
    """Networks of the greatest likelihood of the prints; unprinted fingers are summed out."""
    lines = training_lines(pieces, config)
    # The steps are small: more threads wait for each other, many times over on a busy machine.
    torch.set_num_threads(1)
    networks: list[Weights] = []
    for at in range(config.networks):

        def progress(share: float, done: int = at) -> None:
            if report is not None:
                report((done + share) / config.networks)

        networks.append(fit_network(lines, config, config.seed + at, progress).exported())
    return networks


def training_lines(pieces: list[FingeredPiece], config: FingeringTraining) -> TrainingLines:
    """The pieces and the canonical exercises."""
    canonical = canonical_pieces() if config.canonical_share else []
    shares = [1.0] * len(pieces) + [config.canonical_share] * len(canonical)
    return TrainingLines.gather([*pieces, *canonical], shares)


def fit_network(
    lines: TrainingLines,
    config: FingeringTraining,
    seed: int,
    report: Callable[[float], None] | None = None,
    watch: Callable[[int, float, FingeringNetwork], None] | None = None,
) -> FingeringNetwork:
    """One network.

    Args:
        lines: training data.
        config: how to fit.
        seed: of the network, the windows and the dropout.
        report: called with the share done, 0-1.
        watch: called after each epoch with its number, its mean loss and the network so far.
    """
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    network = FingeringNetwork(config.width, config.hidden, config.dropout, config.input_dropout)
    plain = [*network.tables, *network.rules]
    apart = {id(table) for table in plain}
    groups = [
        {"params": [p for p in network.parameters() if id(p) not in apart]},
        {"params": plain, "weight_decay": 0.0, "lr": 5 * config.learning_rate},
    ]
    optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = CosineAnnealingWarmRestarts(optimiser, T_0=config.epochs)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.averaging))
    labels = float(lines.printed.sum())
    for epoch in range(config.epochs):
        network.train()
        losses: list[float] = []
        groups_of_windows = lines.groups(config.window_events, config.batch_windows, generator)
        for at, group in enumerate(groups_of_windows):
            schedule.step(epoch + at / len(groups_of_windows))
            batch, allowed = lines.batch(group, config.transposed_share, generator)
            loss = negative_log_likelihood(network(batch), allowed).sum()
            loss = loss / (config.batch_windows * _PRINTS_PER_WINDOW)
            squares = sum((table**2).sum() for table in network.tables)
            optimiser.zero_grad()
            (loss + config.table_shrinkage * squares / labels).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            average.update_parameters(network)
            losses.append(float(loss.detach()))
            if report is not None:
                report((epoch + (at + 1) / len(groups_of_windows)) / config.epochs)
        if watch is not None:
            watch(epoch, float(np.mean(losses)), average.module)
    return average.module.eval()
