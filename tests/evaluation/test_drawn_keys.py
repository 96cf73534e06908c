"""No picture shows a key that holds itself down."""

from duemani.evaluation.motion.drawn_keys import held_by_nobody
from duemani.keyboard import TRAVEL_M
from duemani.outputs.keys_down import key_depths, note_depths
from duemani.performance import RIGHT, Performance, make_notes
from duemani.verbs.perform import generate
from tests.analysis.test_contact import E4, RATE, over, tip_motion


def test_a_key_counts_as_held_up_to_15_mm_from_a_tip() -> None:
    for height_mm, alone in ((14, False), (16, True)):
        motion = tip_motion(over(E4, [height_mm] * 3))
        depth = key_depths(motion, Performance())
        depth[1, E4 - 21] = TRAVEL_M[E4 - 21]
        nobody, down = held_by_nobody(depth, motion)
        assert down.sum() == 1
        assert bool(nobody[1, E4 - 21]) == alone


def test_a_hand_that_must_leave_a_long_note_lets_its_key_go_in_pictures() -> None:
    # The left hand's low note is held on while the same hand, by itself, plays two octaves higher.
    rows = [(0.5, 3.0, 36, 80), *((1.2 + 0.3 * k, 1.4 + 0.3 * k, 64 + k, 80) for k in range(5))]
    notes = make_notes(rows)
    notes["hand"], notes["finger"] = RIGHT, [1, 1, 2, 3, 4, 5]
    played, motion = generate(Performance.create(notes), frame_rate=RATE, model="solver")
    nobody, down = held_by_nobody(key_depths(motion, played), motion)
    assert down.sum() > 60
    assert not nobody.any()
    by_notes, _ = held_by_nobody(note_depths(played.notes, motion.time_sec), motion)
    assert by_notes.sum() > 30  # what the notes alone would show
