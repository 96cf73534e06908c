"""Sizes of the reviewer's networks and of what they look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WINDOW_FRAMES = 240
"""Frames of a window: eight seconds."""
AROUND = 8
"""Frames before and after a note's onset that the note looks at."""
FINGERS = 10
"""Left thumb to little finger, then right."""
SEEN_CHANNELS = 8
"""Of each finger in each frame, relative to a note's key (`note_inputs.finger_views`)."""
FRAME_CHANNELS = 93
"""Of both hands in each frame (`note_inputs.frame_views`)."""
SOUND_FRAMES, SOUND_CHANNELS = 16, 33
"""Of a note's harmonics, around its onset and its release (`note_inputs.pitch_sound`)."""
NOTE_CHANNELS = 44
"""Of a note by itself (`note_inputs.note_facts`)."""
PAIR_CHANNELS = 6
"""Of a note beside another one (`note_inputs.note_pairs`)."""
PHRASE_NOTES = 16
"""Notes are filled up to a multiple of this."""
GIVEN = ("sound", "hands", "velocity", "prior")
"""What may be missing."""


@dataclass(frozen=True)
class ReviewerConfig:
    """Size and make-up of the reviewer.

    Attributes:
        frame_width, note_width: of frame and note tokens.
        finger_width: of what a note knows of each finger.
        heads: of every attention.
        frame_layers: of frame ↔ frame attention across modalities.
        note_layers: of the attention among notes.
        phrase_notes: notes that share one phrase token; 0 for none.
        fusion: `hierarchical`, or `late`: frames of one modality do not see those of the other,
            a note takes up each by itself, and there are no phrase tokens.
    """

    frame_width: int = 96
    note_width: int = 128
    finger_width: int = 48
    heads: int = 4
    frame_layers: int = 2
    note_layers: int = 3
    phrase_notes: int = 16
    fusion: Literal["hierarchical", "late"] = "hierarchical"
