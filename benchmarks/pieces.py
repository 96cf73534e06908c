"""Which ASAP performances are measured: pieces never trained on nor looked at while tuning."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from duemani.datasets.simulated.music import asap_piece
from duemani.datasets.takes import split_of

DATA = Path(os.environ.get("DUEMANI_DATA", Path(__file__).parents[2] / "shared" / "data"))

# Pieces (ASAP folders) on which the solver was tuned and debugged; left out of every figure.
TUNED = frozenset(
    [
        "Bach/Fugue/bwv_846",
        "Bach/Fugue/bwv_857",
        "Bach/Italian_concerto",
        "Balakirev/Islamey",
        "Beethoven/Piano_Sonatas/1-1",
        "Beethoven/Piano_Sonatas/11-3",
        "Beethoven/Piano_Sonatas/24-1_no_repeat",
        "Chopin/Ballades/1",
        "Chopin/Ballades/4",
        "Chopin/Etudes_op_25/12",
        "Debussy/Images_Book_1/1_Reflets_dans_lEau",
        "Debussy/Pour_le_Piano/1",
        "Glinka/The_Lark",
        "Haydn/Keyboard_Sonatas/31-1",
        "Haydn/Keyboard_Sonatas/39-2",
        "Haydn/Keyboard_Sonatas/46-1",
        "Liszt/Annees_de_pelerinage_2/1_Gondoliera",
        "Liszt/Gran_Etudes_de_Paganini/2_La_campanella",
        "Liszt/Sonata",
        "Mozart/Fantasie_475",
        "Mozart/Piano_Sonatas/12-1",
        "Mozart/Piano_Sonatas/12-3",
        "Prokofiev/Toccata",
        "Rachmaninoff/Preludes_op_23/4",
        "Rachmaninoff/Preludes_op_23/6",
        "Ravel/Gaspard_de_la_Nuit/1_Ondine",
        "Ravel/Miroirs/4_Alborada_del_gracioso",
        "Ravel/Pavane",
        "Schubert/Impromptu_op.90_D.899/2",
        "Schubert/Impromptu_op.90_D.899/4_no_repeat",
        "Schubert/Moment_musical_no_3",
        "Schumann/Arabeske",
        "Schumann/Kreisleriana/3",
        "Schumann/Kreisleriana/4",
        "Scriabin/Etudes_op_8/11",
        "Scriabin/Sonatas/5",
    ]
)


@dataclass(frozen=True)
class Piece:
    """One performance of a piece."""

    composer: str
    title: str
    folder: str
    midi: Path


def held_out_pieces(count: int) -> list[Piece]:
    """`count` performances, one a piece, composers in turn, none of a piece that was tuned
    on or that the motion model was trained on.

    Raises:
        SystemExit: the ASAP data set is not there.
    """
    root = DATA / "performances" / "asap"
    if not root.is_dir():
        raise SystemExit(f"{root} is not there: set DUEMANI_DATA to the folder with the data sets.")
    by_composer: dict[str, dict[str, Piece]] = {}
    with (root / "metadata.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            midi = root / row["midi_performance"]
            seen = split_of(asap_piece(row["folder"]), row["composer"]) != "test"
            if row["folder"] in TUNED or seen or not midi.exists():
                continue
            piece = Piece(row["composer"], row["title"], row["folder"], midi)
            by_composer.setdefault(row["composer"], {}).setdefault(row["folder"], piece)
    chosen: list[Piece] = []
    turn = 0
    while len(chosen) < count and any(len(p) > turn for p in by_composer.values()):
        for composer in sorted(by_composer):
            # From the end of the list, where no tuning has been.
            pieces = list(by_composer[composer].values())[::-1]
            if turn < len(pieces) and len(chosen) < count:
                chosen.append(pieces[turn])
        turn += 1
    return chosen
