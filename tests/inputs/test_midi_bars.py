"""A metre or a tempo that makes millions of bars is refused before any is written down."""

import io
from pathlib import Path

import mido
import pytest

from duemani.errors import InputError
from duemani.inputs.midi.grid import DIVISIONS, read_beats
from duemani.inputs.midi.notation import MOST_BARS, _bar_count
from duemani.verbs.finger import finger


def write_midi(path: Path, beats: int, beat_type: int, tempo_us: int, quarters: int) -> Path:
    """Two notes, the second one ends after so many quarters."""
    midi, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    midi.tracks.append(track)
    track.append(mido.MetaMessage("time_signature", numerator=beats, denominator=beat_type))
    track.append(mido.MetaMessage("set_tempo", tempo=tempo_us))
    for pitch, start, length in ((60, 0, 480), (64, 480 * (quarters - 2), 480)):
        track.append(mido.Message("note_on", note=pitch, velocity=64, time=start))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=length))
    buffer = io.BytesIO()
    midi.save(file=buffer)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize(
    ("beats", "beat_type", "tempo_us", "quarters", "bars"),
    [(1, 64, 500_000, 400, 6_400), (4, 4, 100, 400_000, 100_000)],
)
def test_too_many_bars_are_counted_and_refused(
    tmp_path: Path, beats: int, beat_type: int, tempo_us: int, quarters: int, bars: int
) -> None:
    path = write_midi(tmp_path / "take.mid", beats, beat_type, tempo_us, quarters)
    with pytest.raises(InputError, match=f"would take {bars} bars.*at most {MOST_BARS} are"):
        finger(path, notation=True)


def test_bars_are_counted_metre_by_metre(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "take.mid", 3, 4, 500_000, 10)
    assert _bar_count(read_beats(path), 10 * DIVISIONS) == 4  # the last one is begun
