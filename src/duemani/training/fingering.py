"""Train the fingering model's weights from a folder of fingered scores."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from duemani.datasets.fingering import FingeredPiece, is_held_out, read_fingered_pieces
from duemani.models.fingering_lines import CHOICES, HandLine, hand_line
from duemani.models.fingering_scores import (
    IMPOSSIBLE,
    SKIP_SHARES,
    STEP_SHARES,
    TABLES,
    WEIGHT_COUNT,
    line_features,
)
from duemani.performance import LEFT, RIGHT, UNKNOWN_FINGER
from duemani.training.hand_assignment import fit_hand_weights

PROVENANCE = (
    "Trained on fingered scores: Mutopia Project editions (public domain, CC BY and CC BY-SA"
    " rows), Beringer and Dunhill's scales, arpeggios and broken chords in abcD (MIT), and 35"
    " exercises of Czerny op. 599 (work in the public domain, licence of the edition not stated:"
    " used for training only, nothing of it is contained)."
)


# Beringer's hands run in parallel octaves: they say nothing about telling hands apart.
_TWO_HANDED = ("mutopia", "czerny599")


@dataclass(frozen=True)
class FingeringTraining:
    """How the weights are fitted.

    Attributes:
        epochs: passes over all windows.
        window_events: events a window; its first two are context of the next.
        batch_windows: windows a step.
        learning_rate: of Adam, falling to 0 along a cosine.
        shrinkage: L2 penalty on the weights, in nats.
        seed: of the windows' order and offsets.
    """

    epochs: int = 10
    window_events: int = 24
    batch_windows: int = 128
    learning_rate: float = 0.06
    shrinkage: float = 5.0
    seed: int = 0


@dataclass(frozen=True)
class _Lines:
    """All lines, one after another, with `pad` empty events between them."""

    own: np.ndarray
    step: np.ndarray
    skip: np.ndarray
    triple: np.ndarray
    fixed: np.ndarray
    allowed: np.ndarray
    """(event, choice): agrees with the printed fingers; all True where none is printed."""
    printed: np.ndarray
    first: list[tuple[int, int]]
    """(first, end) of each line."""


def train_fingering(
    data_dir: str | Path,
    output: str | Path,
    config: FingeringTraining | None = None,
    hold_out: bool = False,
) -> Path:
    """Fit the weights of the fingers' random field and of the hands, and write them as `.npz`.

    Args:
        data_dir: see `duemani.datasets.fingering`.
        output: weights file (16-bit floats, config and provenance in JSON).
        config: how to fit.
        hold_out: leave the test pieces out (for measuring); otherwise train on all.

    Raises:
        InputError: the folder holds no fingered pieces.
    """
    config = config or FingeringTraining()
    pieces = read_fingered_pieces(data_dir)
    if hold_out:
        pieces = [piece for piece in pieces if not is_held_out(piece.name)]
    fingers = fit_weights(pieces, config)
    hands = fit_hand_weights([piece for piece in pieces if piece.source in _TWO_HANDED])
    about = {
        "format": "duemani.fingering/1",
        "provenance": PROVENANCE,
        "pieces": len(pieces),
        "held_out": hold_out,
        "config": asdict(config),
        "tables": TABLES,
    }
    path = Path(output)
    temporary = path.with_name(f".{path.stem}.tmp.npz")
    np.savez_compressed(
        temporary,
        fingers=fingers.astype(np.float16),
        hands=hands.astype(np.float32),
        about=json.dumps(about),
    )
    temporary.replace(path)
    return path


def fit_weights(pieces: list[FingeredPiece], config: FingeringTraining) -> np.ndarray:
    """Weights (weight,) of the greatest likelihood of the prints; other fingers are summed out."""
    lines = _gather(pieces)
    # The steps are small: more threads wait for each other, many times over on a busy machine.
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    generator = np.random.default_rng(config.seed)
    weights = torch.zeros(WEIGHT_COUNT, requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs)
    step_shares = torch.tensor(STEP_SHARES, dtype=torch.float32)
    skip_shares = torch.tensor(SKIP_SHARES, dtype=torch.float32)
    total_printed = float(lines.printed.sum())
    for _ in range(config.epochs):
        windows = _windows(lines, config.window_events, generator)
        for start in range(0, len(windows), config.batch_windows):
            at = windows[start : start + config.batch_windows]
            padded = torch.cat([torch.zeros(1), weights[1:]])
            own = padded[torch.from_numpy(lines.own[at])].sum(-1)
            own = own + torch.from_numpy(lines.fixed[at])
            step = padded[torch.from_numpy(lines.step[at])] @ step_shares
            skip = padded[torch.from_numpy(lines.skip[at])] @ skip_shares
            triple = padded[torch.from_numpy(lines.triple[at])].sum(-1)
            allowed = torch.from_numpy(lines.allowed[at])
            loss = _log_sum(own, step, skip, triple) - _log_sum(
                own.masked_fill(~allowed, IMPOSSIBLE), step, skip, triple
            )
            printed = float(lines.printed[at].sum())
            loss = loss.sum() / max(printed, 1.0)
            loss = loss + config.shrinkage * (weights**2).sum() / total_printed
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
    return weights.detach().numpy() * (np.arange(WEIGHT_COUNT) > 0)


def _log_sum(
    own: torch.Tensor, step: torch.Tensor, skip: torch.Tensor, triple: torch.Tensor
) -> torch.Tensor:
    """Log of the summed likelihood of all paths, (window,); tensors (window, event, ...)."""
    pad = torch.nn.functional.pad
    state = own[:, 0, :, None] + own[:, 1, None, :] + step[:, 1]
    spare = CHOICES - 5
    for at in range(2, own.shape[1]):
        here = step[:, at, None] + own[:, at, None, None]
        total = state[..., None] + skip[:, at, :, None, :] + here
        total = total + pad(triple[:, at], (0, spare, 0, spare, 0, spare))
        state = torch.logsumexp(total, 1)
    return torch.logsumexp(state.flatten(1), 1)


def _gather(pieces: list[FingeredPiece]) -> _Lines:
    parts: list[tuple[np.ndarray, ...]] = []
    first: list[tuple[int, int]] = []
    count = 0
    for piece in pieces:
        notes = piece.performance.notes
        bare = notes.copy()
        bare["finger"] = UNKNOWN_FINGER
        for hand in (LEFT, RIGHT):
            mine = (notes["hand"] == hand) & (notes["finger"] > 0)
            if not mine.any():
                continue
            line = hand_line(bare, hand)
            features = line_features(line)
            allowed, printed = _allowed(line, notes["finger"], features.fixed)
            parts.append(
                (
                    features.own,
                    features.step,
                    features.skip,
                    features.triple,
                    np.maximum(features.fixed, IMPOSSIBLE).astype(np.float32),
                    allowed,
                    printed,
                )
            )
            first.append((count, count + len(line.notes)))
            count += len(line.notes)
    own, step, skip, triple, fixed, allowed, printed = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return _Lines(own, step, skip, triple, fixed, allowed, printed, first)


def _allowed(
    line: HandLine, finger: np.ndarray, fixed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Choices that agree with the print (event, choice); how many notes bear one (event,)."""
    allowed = np.ones(fixed.shape, bool)
    printed = np.zeros(len(line.notes), np.int32)
    for at, (event, choices) in enumerate(zip(line.notes, line.choices, strict=True)):
        known = finger[event] > 0
        agree = (choices[:, known] == finger[event][known] - 1).all(1)
        # A print that no choice fits (a finger on two keys, a crossing) is left out.
        if known.any() and agree.any():
            allowed[at, : len(choices)] = agree
            printed[at] = known.sum()
    return allowed, printed


def _windows(lines: _Lines, size: int, generator: np.random.Generator) -> np.ndarray:
    """(window, size) event indices, shuffled; windows without a printed finger are left out."""
    starts: list[np.ndarray] = []
    for first, end in lines.first:
        if end - first < size:
            continue
        offset = int(generator.integers(0, size - 2))
        at = np.arange(first + offset, end - size + 1, size - 2)
        starts.append(np.unique(np.concatenate([[first], at, [end - size]])))
    windows = np.concatenate(starts)[:, None] + np.arange(size)
    windows = windows[lines.printed[windows].sum(1) > 0]
    return windows[generator.permutation(len(windows))]
