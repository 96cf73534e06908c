"""Runs inside another Python that has the packages: one JSON request a line, one answer a line.

A request is {"package", "hand": "left" or "right", "events": [[[pitch, onset, duration], ...]]},
times in quarter notes, the notes of an event from low to high. The answer holds as many fingers.
This file imports nothing of duemani.
"""

import contextlib
import json
import sys

_MOST_FINGERS = 5


def pianoplayer(events, hand):
    """Its optimiser of one hand, fed with what its MusicXML reader makes of such notes."""
    from pianoplayer.hand import Hand
    from pianoplayer.models import INote, keypos

    names = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    stagger = 0.05
    sequence = []
    for number, event in enumerate(events):
        for at, (pitch, onset, duration) in enumerate(event):
            note = INote(name=names[pitch % 12], pitch=pitch, octave=pitch // 12 - 1)
            note.noteID, note.x = len(sequence), keypos(note)
            note.isBlack, note.measure = "#" in note.name, 1
            note.isChord, note.chordID = len(event) > 1, number
            note.chordnr, note.NinChord = at, len(event)
            note.time = onset - stagger * (len(event) - at - 1)
            note.duration = duration + stagger * (len(event) - 1)
            sequence.append(note)
    player = Hand(sequence, hand)
    player.verbose = False
    # Its reader gives up on a hand of one note.
    if len(sequence) > 1:
        player.generate(show_progress=lambda *_: None)
    fingers = iter(int(note.fingering or 0) for note in sequence)
    return [[next(fingers) for _ in event] for event in events]


def piano_fingering(events, hand):
    """Its dynamic programme over chords; notes beyond five get no finger."""
    from piano_fingering import computeFingering

    chords = [[pitch for pitch, _, _ in event][:_MOST_FINGERS] for event in events]
    found = [entry["fingers"] for entry in computeFingering(chords, hand)]
    pairs = zip(found, events, strict=True)
    return [[*f, *[0] * (len(e) - len(f))] for f, e in pairs]


METHODS = {"pianoplayer": pianoplayer, "piano-fingering": piano_fingering}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        with contextlib.redirect_stdout(sys.stderr):
            try:
                answer = METHODS[request["package"]](request["events"], request["hand"])
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
