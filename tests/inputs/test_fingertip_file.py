import json
from pathlib import Path

import numpy as np
import pytest

from duemani.errors import InputError
from duemani.inputs.film.fingertip_file import read_fingertips
from duemani.lifting.lift import lift_hands


def write(folder: Path, left: int = 0, lines: int = 53) -> Path:
    """The left hand's thumb at 500 + frame, the right one's at 700 + frame, 20 px a finger."""
    rows = ["frame_index,hand_index,fingertip_id,x,y"]
    for frame in range(40):
        for finger in range(5):
            tip = 4 * finger + 4
            rows.append(f"{frame},{left},{tip},{500 + frame - 20 * finger},100.5")
            if frame != 7:
                rows.append(f"{frame},{1 - left},{tip},{700 + frame + 20 * finger},90")
    path = folder / "take.csv"
    path.write_text("\n".join(rows))
    keys = {"white_keys": [10 + 23.5 * k for k in range(lines)], "top_border": 0}
    path.with_suffix(".json").write_text(json.dumps(keys | {"bottom_border": 150}))
    return path


@pytest.mark.parametrize("left", [0, 1])
def test_thumbs_tell_left_from_right(tmp_path: Path, left: int) -> None:
    hands, view = read_fingertips(write(tmp_path, left), 25.0)
    assert hands.tips_px[0, 0, 0].tolist() == [500, 100.5]
    assert hands.tips_px[1, 3, 4].tolist() == [783, 90]
    assert hands.time_sec[1] == pytest.approx(0.04)
    assert hands.confidence[1, 7] == 0
    assert (hands.confidence[0] > 0).all()
    assert np.isnan(hands.landmarks_px[:, :, 0]).all()
    assert view.octave_sure
    assert np.allclose(view.to_keyboard(np.array([10.0, 150.0])), 0, atol=1e-6)
    assert np.allclose(view.to_keyboard(np.array([1232.0, 0.0])), [1.222, 0.15], atol=1e-6)


def test_tips_alone_become_tips_alone(tmp_path: Path) -> None:
    hands, view = read_fingertips(write(tmp_path))
    motion = lift_hands(hands, view)
    assert motion.tracked.all()
    assert np.isnan(motion.wrist_m).all()
    assert motion.tips_m[0, 0, 0] == pytest.approx([0.49, 0.0495, 0], abs=0.003)


def test_a_part_of_the_keyboard_leaves_the_octave_open(tmp_path: Path) -> None:
    assert not read_fingertips(write(tmp_path, lines=40))[1].octave_sure


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2", "its columns"),
        ("frame_index,hand_index,fingertip_id,x,y\n1,2,4,3,3", "line 2"),
        ("frame_index,hand_index,fingertip_id,x,y\n1,0,4,x,3", "five numbers"),
        ("frame_index,hand_index,fingertip_id,x,y\n", "no fingertips"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = write(tmp_path)
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        read_fingertips(path)


@pytest.mark.parametrize("text", ["", "[]", '{"white_keys": [1, 2]}', "\x00"])
def test_a_keyboard_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path)
    path.with_suffix(".json").write_text(text)
    with pytest.raises(InputError, match=r"take\.json"):
        read_fingertips(path)
