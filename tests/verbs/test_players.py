"""Music for several pianists: whose notes are performed, and whose a take is compared with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from duemani.alignment.score import align_to_score
from duemani.analysis.expression.expression import analyse_expression
from duemani.cli import main
from duemani.errors import InputError
from duemani.inputs.score.play import load_score
from duemani.inputs.score.written import read_for_takes
from duemani.outputs.notes import save_midi
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND, Performance
from duemani.verbs.read import Take, read_take
from duemani.verbs.review.material import Material
from duemani.verbs.review.players import Reviewed, check_players, players_take, reviewed
from tests.helpers.inputs import write
from tests.inputs.test_who_plays import BACK, line, save_score

SHARED, OWN_1, OWN_2 = (60, 62, 64, 65), (84, 86, 88, 89), (36, 38, 40, 41)
"""Keys of a bar: both players', the first one's, the second one's."""
BARS = 6


@pytest.fixture
def duet(tmp_path: Path) -> Path:
    """The first player's left hand and the second one's right hand have the same keys."""
    primo = line(6, 1, 1) + BACK + line(4, 5, 2)
    secondo = line(4, 1, 1) + BACK + line(2, 5, 2)
    return save_score(tmp_path, ("Primo", 2, [primo] * BARS), ("Secondo", 2, [secondo] * BARS))


def take(score: Path, *keys: tuple[int, ...]) -> Performance:
    """A faultless take of these keys, each struck once, of unknown hands."""
    notes = load_score(score).performance.notes
    notes = notes[np.isin(notes["pitch"], np.concatenate(keys))]
    first = np.unique(notes[["onset_sec", "pitch"]], return_index=True)[1]
    bare = Performance.create(notes[first])
    return bare.with_fingers(np.full(len(first), UNKNOWN_HAND), np.zeros(len(first)))


def review_of(
    score: Path, performance: Performance, player: int | None = None, players: int = 1
) -> Reviewed:
    material = Material("take", Path("take.mid"), performance, players=players)
    return reviewed(material, read_for_takes(score), score, player)


def slips(found: Reviewed) -> list[str]:
    remarks = analyse_expression(found.material.performance, found.alignment).remarks
    return [
        one.text for one in remarks if one.kind == "notes" and "as it is written" not in one.text
    ]


@pytest.mark.parametrize(
    ("keys", "player", "pianists", "told"),
    [
        ((SHARED, OWN_1, OWN_2), None, 2, "the notes of all, and a key that two have at once"),
        ((SHARED, OWN_1), None, 1, "the notes of player 1 alone, which it fits best"),
        ((SHARED, OWN_2), None, 1, "the notes of player 2 alone, which it fits best"),
        ((SHARED, OWN_2), 2, 1, "the notes of player 2 alone."),
        ((SHARED, OWN_1, OWN_2), 1, 1, "the notes of player 1 alone."),
        ((SHARED, OWN_1, OWN_2), 2, 1, "the notes of player 2 alone."),
    ],
)
def test_a_faultless_take_of_one_or_both_has_no_slips(
    duet: Path,
    keys: tuple[tuple[int, ...], ...],
    player: int | None,
    pianists: int,
    told: str,
) -> None:
    found = review_of(duet, take(duet, *keys), player)
    assert found.pianists == pianists
    assert found.alignment is not None
    assert slips(found) == []
    assert len(found.alignment.missing) == len(found.alignment.extra) == 0
    (said,) = (one for one in found.material.assumptions if "pianists" in one)
    assert "is for 2 pianists (1: Primo; 2: Secondo)" in said
    assert told in said
    own = {1: {*SHARED, *OWN_1}, 2: {*SHARED, *OWN_2}}.get(player or 0)
    assert own is None or set(found.material.performance.notes["pitch"]) == own


def test_a_player_who_mostly_rests_is_heard_too(tmp_path: Path) -> None:
    primo = line(6, 1, 1) + BACK + line(4, 5, 2)
    silent = "".join(
        f"<note><rest/><duration>4</duration><voice>{voice}</voice><staff>{staff}</staff></note>{back}"
        for voice, staff, back in ((1, 1, BACK), (5, 2, ""))
    )
    secondo = [silent] * (BARS - 1) + [line(3, 1, 1) + BACK + line(2, 5, 2)]
    score = save_score(tmp_path, ("Primo", 2, [primo] * BARS), ("Secondo", 2, secondo))
    both = take(score, SHARED, OWN_1, OWN_2, (48, 50, 52, 53))
    # The first one's notes alone fit, too, but not as well.
    assert align_to_score(both, read_for_takes(score)[1].line).fits
    assert review_of(score, both).pianists == 2
    assert review_of(score, take(score, SHARED, OWN_1)).pianists == 1


def test_a_wrong_key_of_a_chosen_player_is_told(duet: Path) -> None:
    both = take(duet, SHARED, OWN_1, OWN_2)
    notes = both.notes.copy()
    wrong = int(np.flatnonzero(notes["pitch"] == OWN_1[0])[2])
    notes["pitch"][wrong] += 1
    played = Performance.create(notes)
    (told,) = slips(review_of(duet, played, 1))
    assert "right hand: C♯6 instead of C6" in told
    assert slips(review_of(duet, played, 2)) == []
    (of_both,) = slips(review_of(duet, played))
    assert "C♯6 instead of C6" in of_both
    # Of four hands nobody says which one it was.
    assert "hand" not in of_both


def test_too_few_notes_are_no_other_piece(duet: Path) -> None:
    found = review_of(duet, take(duet, OWN_1).between(0.0, 3.0))
    assert found.alignment is None
    assert "are too few to tell whether it is the score" in found.material.cannot_tell[-1]
    other = take(duet, SHARED, OWN_1)
    notes = other.notes.copy()
    notes["pitch"] = np.resize([91, 51, 99, 30, 77], len(notes))
    found = review_of(duet, Performance.create(notes))
    assert found.material.cannot_tell == ("a.musicxml is not used: it is not the score of what was"
                                          " played.",)  # fmt: skip
    assert found.pianists == 1


def test_a_player_who_is_not_there_is_refused(duet: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.musicxml is for 2 pianists; there is no player 3"):
        check_players(read_for_takes(duet), duet, 3)
    solo = save_score(tmp_path, ("Piano", 2, [line(5, 1, 1) + BACK + line(3, 5, 2)]))
    with pytest.raises(InputError, match=r"take\.mid is for one pianist; there is no player 2"):
        review_of(solo, load_score(solo).performance, 2)


def four_hands(score: Path) -> Take:
    read = read_take(score)
    return replace(read, source=Path("duet.mid"))


def test_notes_given_for_two_are_struck_on_one_piano(duet: Path) -> None:
    given = four_hands(duet)
    notes = given.performance.notes.copy()
    notes["onset_sec"][given.player == 1] += 0.02
    order = np.argsort(notes["onset_sec"], kind="stable")
    given = replace(given, performance=Performance.create(notes), player=given.player[order])
    together = players_take(given, None).performance.notes
    assert len(together) == 12 * BARS
    assert set(together["hand"]) == {UNKNOWN_HAND}
    for player, own in ((1, {*SHARED, *OWN_1}), (2, {*SHARED, *OWN_2})):
        mine = players_take(given, player)
        assert set(mine.performance.notes["pitch"]) == own
        assert set(mine.performance.notes["hand"]) == {LEFT, RIGHT}
        assert f"only those of player {player} are reviewed" in mine.remarks[-1]


@pytest.mark.parametrize(("player", "own"), [(1, {*SHARED, *OWN_1}), (2, {*SHARED, *OWN_2})])
def test_perform_plays_the_player_who_is_chosen(
    duet: Path, tmp_path: Path, player: int, own: set[int], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    wish = ["--player", str(player), "--model", "solver", "--end", "3"]
    assert main(["perform", str(duet), "-o", str(out), *wish]) == 0
    assert f"only those of player {player} are played" in capsys.readouterr().err
    assert {note["pitch"] for note in json.loads(out.read_text())["notes"]} == own


@pytest.mark.parametrize(
    ("player", "said"),
    [
        ("3", "there is no player 3: 1 to 2 are accepted"),
        ("0", "counted 1, 2, 3"),
        ("x", "counted"),
    ],
)
def test_perform_refuses_other_players(
    duet: Path, tmp_path: Path, player: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert main(["perform", str(duet), "-o", str(out), "--player", player]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_fingered_json_keeps_the_players(duet: Path, tmp_path: Path) -> None:
    out = tmp_path / "fingers.json"
    assert main(["finger", str(duet), "-o", str(out)]) == 0
    again = read_take(out)
    assert again.players == 2
    for player, own in ((0, {*SHARED, *OWN_1}), (1, {*SHARED, *OWN_2})):
        assert set(again.performance.notes["pitch"][again.player == player]) == own
    rows = json.loads(out.read_text())
    rows["notes"][0]["player"] = 0
    with pytest.raises(InputError, match="every note's player must lie between 1 and 100"):
        read_take(write(tmp_path / "b.json", json.dumps(rows)))
    del rows["notes"][0]["player"]
    assert read_take(write(tmp_path / "b.json", json.dumps(rows))).players == 2


def test_a_review_of_both_tells_no_fingers(
    duet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_midi(tmp_path / "take.mid", take(duet, SHARED, OWN_1, OWN_2))
    out = tmp_path / "out.json"
    wish = ["review", str(tmp_path / "take.mid"), "--score", str(duet), "-o", str(out)]
    assert main(wish) == 0
    told = json.loads(out.read_text())
    assert "Fingers and 3D hands are told of one pianist only" in " ".join(told["cannot_tell"])
    assert [one["title"] for one in told["remarks"] if one["kind"] == "notes"] == [
        "All notes are right"
    ]
    assert main([*wish, "--player", "4"]) == 2
    assert "there is no player 4" in capsys.readouterr().err
