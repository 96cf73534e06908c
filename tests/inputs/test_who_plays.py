"""Whose notes are whose: instruments, players and hands of scores and MIDI files."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from duemani.errors import InputError
from duemani.inputs.midi.read import MidiInput, read_midi
from duemani.inputs.score.play import load_score
from duemani.inputs.score.written import WrittenPiece, read_written
from duemani.performance import LEFT, RIGHT, UNKNOWN_HAND
from duemani.verbs.read import of_player, read_take

Notes = list[tuple[int, ...]]
"""Pitches struck together, one quarter after another."""

LOW: Notes = [(48,), (50,), (52,), (53,)]
HIGH: Notes = [(72,), (74,), (76,), (77,)]
BOTH_HANDS: Notes = [(48, 72), (50, 74), (52, 76), (53, 77)]


def midi(path: Path, *tracks: tuple[str, int | None, Notes], kind: int = 1) -> MidiInput:
    """Tracks by name, program and notes, on a channel each."""
    file = mido.MidiFile(type=kind)
    for channel, (name, program, chords) in enumerate(tracks):
        track = mido.MidiTrack()
        if name:
            track.append(mido.MetaMessage("track_name", name=name))
        if program is not None:
            track.append(mido.Message("program_change", program=program, channel=channel))
        for chord in chords:
            for pitch in chord:
                track.append(mido.Message("note_on", note=pitch, velocity=70, channel=channel))
            for at, pitch in enumerate(chord):
                time = 0 if at else 480
                track.append(mido.Message("note_off", note=pitch, channel=channel, time=time))
        file.tracks.append(track)
    file.save(path / "a.mid")
    return read_midi(path / "a.mid")


def hands(read: MidiInput | WrittenPiece) -> dict[int, int]:
    """Hand by pitch."""
    notes = read.performance.notes
    return dict(zip(notes["pitch"].tolist(), notes["hand"].tolist(), strict=True))


@pytest.mark.parametrize(
    ("right", "left"),
    [
        ("Right Hand", "Left Hand"),
        ("Rechte Hand", "Linke Hand"),
        ("Main droite", "Main gauche"),
        ("Mano destra", "Mano sinistra"),
        ("Mano derecha", "Mano izquierda"),
        ("rechterhand", "linkerhand"),
        ("右手".encode().decode("latin-1"), "左手".encode().decode("latin-1")),
        ("右手".encode("cp932").decode("latin-1"), "左手".encode("cp932").decode("latin-1")),
        ("Piano R", "Piano L"),
        ("RH", "LH"),
        ("m. d.", "m. s."),
        ("MD", "MG"),
        ("upper", "lower"),
        ("Treble", "Bass"),
        ("Für Elise RH", "Für Elise LH"),
    ],
)
def test_names_of_hands_beat_pitch(tmp_path: Path, right: str, left: str) -> None:
    read = midi(tmp_path, (right, None, LOW), (left, None, HIGH))
    assert hands(read) == {p: RIGHT for (p,) in LOW} | {p: LEFT for (p,) in HIGH}


@pytest.mark.parametrize(
    "title", ["What's left of me", "Right Here", "mdma", "Left Hand Blues", "Left", "Bass"]
)
def test_a_word_in_a_title_is_no_hand(tmp_path: Path, title: str) -> None:
    assert set(hands(midi(tmp_path, (title, None, BOTH_HANDS))).values()) == {UNKNOWN_HAND}


@pytest.mark.parametrize("named", [("Flute", 73), ("", 73), ("Flöte", None), ("Violin", 40)])
def test_a_flute_beside_the_piano_is_left_out(
    tmp_path: Path, named: tuple[str, int | None]
) -> None:
    read = midi(tmp_path, (*named, [(84,), (86,)]), ("Piano", 0, BOTH_HANDS))
    assert hands(read) == {p: UNKNOWN_HAND for chord in BOTH_HANDS for p in chord}
    assert "Taken as the piano: Piano; left out as other instruments" in read.remarks[0]


def test_without_programs_everything_is_a_piano(tmp_path: Path) -> None:
    read = midi(tmp_path, ("Bass", None, LOW), ("Melody", None, HIGH))
    assert hands(read) == {p: LEFT for (p,) in LOW} | {p: RIGHT for (p,) in HIGH}
    assert read.remarks == ()


def test_strings_alone_are_no_piano(tmp_path: Path) -> None:
    read = midi(tmp_path, ("Violin", 40, HIGH), ("Cello", 42, LOW))
    assert read.foreign == "Violin, Cello"
    assert len(read.performance.notes) == 8
    from duemani.verbs.finger import finger

    with pytest.raises(InputError, match=r"no track of a\.mid is for a keyboard \(Violin, Cello\)"):
        finger(tmp_path / "a.mid")


@pytest.mark.parametrize("names", [("Primo", "Secondo"), ("Piano 1", "Piano 2"), ("", "")])
def test_four_hands_keep_their_shared_keys(tmp_path: Path, names: tuple[str, str]) -> None:
    upper: Notes = [(60, 84), (62, 86)]
    lower: Notes = [(36, 60), (38, 62)]
    read = midi(tmp_path, (names[0], None, upper), (names[1], None, lower))
    pitch = read.performance.notes["pitch"]
    assert sorted(pitch[read.player == 0]) == [60, 62, 84, 86]
    assert sorted(pitch[read.player == 1]) == [36, 38, 60, 62]
    for player, own in ((1, [60, 62, 84, 86]), (2, [36, 38, 60, 62])):
        take = of_player(read_take(tmp_path / "a.mid"), player, "played")
        assert sorted(take.performance.notes["pitch"]) == own
        assert take.remarks[-1] == (
            f"The notes are for 2 pianists: only those of player {player} are played (--player"
            " chooses)."
        )
    with pytest.raises(InputError, match=r"2 pianists; there is no player 3: 1 to 2 are accepted"):
        of_player(read_take(tmp_path / "a.mid"), 3, "played")


def written(step: str, octave: int, voice: int = 1, staff: int = 1, quarters: int = 1) -> str:
    return (
        f"<note><pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{quarters}</duration><voice>{voice}</voice><staff>{staff}</staff></note>"
    )


def line(octave: int, voice: int, staff: int) -> str:
    return "".join(written(step, octave, voice, staff) for step in "CDEF")


BACK = "<backup><duration>4</duration></backup>"
REST = "<note><rest/><duration>4</duration><voice>5</voice><staff>2</staff></note>"


def save_score(path: Path, *parts: tuple[str, int, list[str]], inside: str = "") -> Path:
    """Parts by name, number of staves and bars."""
    listed = "".join(
        f'<score-part id="P{at}"><part-name>{name}</part-name>{inside}</score-part>'
        for at, (name, _, _) in enumerate(parts)
    )
    body = ""
    for at, (_, staves, bars) in enumerate(parts):
        attributes = (
            "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type>"
            f"</time><staves>{staves}</staves></attributes>"
        )
        measures = "".join(
            f'<measure number="{number}">{"" if number > 1 else attributes}{bar}</measure>'
            for number, bar in enumerate(bars, 1)
        )
        body += f'<part id="P{at}">{measures}</part>'
    path = path / "a.musicxml"
    path.write_text(
        f'<score-partwise version="4.0"><part-list>{listed}</part-list>{body}</score-partwise>'
    )
    return path


def test_declared_staves_count_not_those_with_notes(tmp_path: Path) -> None:
    for staff, hand in ((1, RIGHT), (2, LEFT)):
        bars = [line(4, 1, staff) + BACK + REST]
        path = save_score(tmp_path, ("Piano", 2, bars))
        assert set(hands(read_written(path)).values()) == {hand}


@pytest.mark.parametrize("bars_away", [1, 2, 3])
def test_a_voice_stays_with_its_hand_on_the_other_staff(tmp_path: Path, bars_away: int) -> None:
    home = line(5, 1, 1) + BACK + line(3, 5, 2)
    away = line(4, 1, 2) + BACK + line(3, 5, 2)
    path = save_score(tmp_path, ("Piano", 2, [home, *[away] * bars_away]))
    found = read_written(path)
    assert hands(found) == {
        **dict.fromkeys((48, 50, 52, 53), LEFT),
        **dict.fromkeys((60, 62, 64, 65, 72, 74, 76, 77), RIGHT),
    }
    assert found.remarks == ()


def test_where_the_other_hand_rests_a_visit_is_a_guess_and_said(tmp_path: Path) -> None:
    home = line(4, 1, 1) + BACK + line(3, 5, 2)
    path = save_score(tmp_path, ("Piano", 2, [home, line(4, 1, 2), home]))
    found = read_written(path)
    assert set(found.performance.notes["hand"][8:12]) == {RIGHT}
    assert "(bar 2): which hand plays it there is a guess" in found.remarks[0]


def test_a_sweep_over_both_staves_is_shared_by_the_hands(tmp_path: Path) -> None:
    home = line(5, 1, 1)
    sweep = written("C", 5) + written("G", 2, 1, 2) + written("C", 3, 1, 2) + written("G", 5)
    found = read_written(save_score(tmp_path, ("Piano", 2, [home, sweep, home])))
    assert hands(found)[43] == hands(found)[48] == LEFT
    assert hands(found)[79] == RIGHT


def test_one_number_for_two_voices_is_no_crossing(tmp_path: Path) -> None:
    bars = [line(5, 1, 1) + BACK + line(3, 1, 2)] * 2
    found = hands(read_written(save_score(tmp_path, ("Piano", 2, bars))))
    assert {found[48], found[72]} == {LEFT, RIGHT}
    assert found[48] == LEFT


def test_a_chord_wider_than_a_hand_is_shared(tmp_path: Path) -> None:
    chord = written("C", 5, 1, 1, 4) + written("C", 3, 1, 2, 4).replace("<note>", "<note><chord/>")
    found = read_written(save_score(tmp_path, ("Piano", 2, [line(5, 1, 1), chord])))
    assert hands(found)[48] == LEFT
    assert hands(found)[72] == RIGHT


@pytest.mark.parametrize(
    ("left", "right"),
    [("Left hand", "Right hand"), ("m.s.", "m.d."), ("Linke Hand", "Rechte Hand"), ("LH", "")],
)
def test_part_names_beat_order_and_pitch(tmp_path: Path, left: str, right: str) -> None:
    path = save_score(tmp_path, (left, 1, [line(5, 1, 1)]), (right, 1, [line(4, 1, 1)]))
    found = hands(read_written(path))
    assert (found[72], found[60]) == (LEFT, RIGHT)


def test_both_hands_of_two_parts_keep_a_shared_key(tmp_path: Path) -> None:
    path = save_score(tmp_path, ("R.H.", 1, [line(4, 1, 1)]), ("L.H.", 1, [line(4, 1, 1)]))
    apart = read_written(path, parts_apart=True)
    assert sorted(apart.performance.notes["hand"].tolist()) == [LEFT] * 4 + [RIGHT] * 4
    assert set(apart.player) == {0}
    # One pianist strikes each key once.
    assert len(load_score(path).performance.notes) == 4


def test_two_players_of_a_score_keep_a_shared_key(tmp_path: Path) -> None:
    bar = line(4, 1, 1) + BACK + line(3, 5, 2)
    path = save_score(tmp_path, ("Primo", 2, [bar]), ("Secondo", 2, [bar]))
    played = load_score(path)
    assert len(played.performance.notes) == 16
    assert sorted(played.player.tolist()) == [0] * 8 + [1] * 8
    for player in (0, 1):
        mine = played.performance.notes[played.player == player]
        np.testing.assert_array_equal(mine["hand"], np.where(mine["pitch"] < 60, LEFT, RIGHT))


@pytest.mark.parametrize("name", ["Harp", "Arpa", "Harfe", "Geige", "Violine", "Flauto", "Cello"])
def test_other_instruments_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = save_score(tmp_path, (name, 2, [line(5, 1, 1) + BACK + line(3, 5, 2)]))
    with pytest.raises(InputError, match=rf"^no part is for a keyboard \({name}\); a piano part"):
        read_written(path)
    assert "No part is for a keyboard" in load_score(path).remarks[0]


@pytest.mark.parametrize(
    "inside",
    [
        '<score-instrument id="I"><instrument-name>x</instrument-name>'
        "<instrument-sound>pluck.harp</instrument-sound></score-instrument>",
        '<midi-instrument id="I"><midi-program>47</midi-program></midi-instrument>',
    ],
)
def test_a_nameless_part_is_told_by_its_sound(tmp_path: Path, inside: str) -> None:
    bars = [line(5, 1, 1) + BACK + line(3, 5, 2)]
    path = save_score(tmp_path, ("", 2, bars), inside=inside)
    with pytest.raises(InputError, match="no part is for a keyboard"):
        read_written(path)
    piano = inside.replace("pluck.harp", "keyboard.piano").replace("47", "1")
    assert len(read_written(save_score(tmp_path, ("", 2, bars), inside=piano)).numbers) == 8


@pytest.mark.parametrize("name", ["Harpsichord", "Klavier", "Orgel", "Clavecin", "ピアノ", "Piano"])
def test_keyboards_are_keyboards(tmp_path: Path, name: str) -> None:
    path = save_score(tmp_path, (name, 1, [line(5, 1, 1)]))
    assert len(read_written(path).numbers) == 4
