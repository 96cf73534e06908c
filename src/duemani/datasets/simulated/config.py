"""What `duemani prepare simulated` makes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Simulation:
    """What takes are made.

    Attributes:
        seed: of everything random.
        takes_per_piece: performances of each piece, each by another pianist; those of PercePiano
            are short and many, and count a quarter.
        take_sec: length of the part that is played [s].
        alternative_share: takes in which the pianist prefers other than the best fingers.
        alternative_notes: share of notes that start from their second-best finger there.
        learner_share: takes played by learners, who take all sorts of fingers.
        plain_share: takes heard on a plain piano, whose tone gets louder but not brighter.
    """

    seed: int = 0
    takes_per_piece: int = 2
    take_sec: float = 75.0
    alternative_share: float = 0.4
    alternative_notes: float = 0.06
    learner_share: float = 0.0
    plain_share: float = 0.0
