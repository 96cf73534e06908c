"""Finger numbers on the film's falling notes: within their notes, and readable."""

import numpy as np
import pytest

from duemani.keyboard import key_centre_x
from duemani.outputs.film.note_panel import HAND_COLOURS, NotePanel
from duemani.performance import Performance, make_notes
from tests.helpers.colour import contrast, luminance

WIDTH, HEIGHT, AHEAD_SEC = 1024, 512, 2.0


def drawn(length_sec: float, hand: int, pitch: int, finger: int) -> tuple[np.ndarray, slice]:
    """The panel with one note that starts in a second, and the note's rows."""
    notes = make_notes([(1.0, 1.0 + length_sec, pitch, 1)])
    notes["hand"], notes["finger"] = hand, finger
    x = float(key_centre_x(np.array(pitch)))
    performance = Performance.create(notes)
    panel = NotePanel(performance, (x - 0.2, x + 0.2), 0.2, (WIDTH, HEIGHT), AHEAD_SEC)
    rows = slice(round(HEIGHT / AHEAD_SEC), round((1 + length_sec) * HEIGHT / AHEAD_SEC))
    return panel.draw(0.0), rows


@pytest.mark.parametrize("pitch", [60, 61])
@pytest.mark.parametrize("hand", range(len(HAND_COLOURS) - 1))
def test_a_number_stands_out_from_its_note(hand: int, pitch: int) -> None:
    (with_number, rows), (without, _) = (drawn(0.5, hand, pitch, f) for f in (1, 0))
    changed = (with_number.astype(int) - without != 0).any(-1)
    assert changed.sum() > 50
    light = luminance(with_number[changed])
    assert contrast(np.quantile(light, 0.8), light.min()) > 7
    assert not changed[: rows.start].any()
    assert not changed[rows.stop :].any()


@pytest.mark.parametrize("length_sec", [0.02, 0.05, 0.1, 0.15, 0.2])
def test_a_number_is_never_taller_than_its_note(length_sec: float) -> None:
    (with_number, rows), (without, _) = (drawn(length_sec, 1, 60, f) for f in (3, 0))
    changed = np.flatnonzero((with_number != without).any((1, 2)))
    assert len(changed) == 0 or rows.start <= changed[0] <= changed[-1] < rows.stop
    assert (len(changed) == 0) == (length_sec <= 0.1)
