"""The report for machines: whole, finite, and readable as a performance."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from duemani.inputs.midi.read import load_json
from duemani.outputs.review_json import FORMAT, save_review_json
from tests.helpers.reviews import audio_review, empty_review, made_review


def refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def saved(tmp_path: Path, review: object) -> dict:
    path = tmp_path / "review.json"
    save_review_json(path, review)  # type: ignore[arg-type]
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in numbers(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in numbers(inner)]
    return [value] if isinstance(value, float) else []


def test_everything_is_there(tmp_path: Path) -> None:
    review = made_review()
    content = saved(tmp_path, review)
    assert content["format"] == FORMAT == "duemani.review/1"
    assert content["source"] == "lesson.mp4"
    assert len(content["notes"]) == len(review.performance.notes)
    assert len(content["remarks"]) == len(review.remarks)
    assert content["cannot_tell"] == list(review.cannot_tell)
    assert content["missing_notes"][0]["score_note"] == review.missing_numbers[0]
    assert content["part_sec"] == [0.0, None]
    assert review.fingers is not None
    for at in (0, 60, 101):
        note, fingering = content["notes"][at], content["notes"][at]["fingering"]
        assert note["pitch"] == review.performance.notes["pitch"][at]
        assert (fingering["played"] or 0) == review.fingers.played[at]
        assert fingering["flagged"] == review.fingers.flagged[at]
        assert len(fingering["chances"]) == 10
    assert content["notes"][60]["mark"] == "extra"
    assert content["notes"][60]["score_note"] is None
    assert content["notes"][0]["bar"] == "0"


def test_numbers_are_round_and_what_is_unknown_is_null(tmp_path: Path) -> None:
    content = saved(tmp_path, made_review())
    assert all(value == round(value, 4) for value in numbers(content))
    assert content["curves"][1]["value"][42] is None
    assert content["bars"][0]["figures"]["articulation"] is None
    assert content["curves"][2]["low"] == []


def test_not_a_number_and_infinity_become_null(tmp_path: Path) -> None:
    review = made_review()
    curve = replace(review.curves[0], value=np.full(120, np.nan), low=np.full(120, -np.inf))
    bar = replace(review.bars[0], figures={"tempo": float("nan")})
    remark = replace(review.remarks[0], confidence=float("nan"))
    content = saved(tmp_path, replace(review, curves=(curve,), bars=(bar,), remarks=(remark,)))
    assert set(content["curves"][0]["value"]) == {None}
    assert set(content["curves"][0]["low"]) == {None}
    assert content["bars"][0]["figures"] == {"tempo": None}
    assert content["remarks"][0]["confidence"] is None


def test_missing_parts(tmp_path: Path) -> None:
    content = saved(tmp_path, audio_review())
    assert content["score"] is None
    assert all(note["fingering"] is None for note in content["notes"])
    assert all(note["bar"] is None and note["score_note"] is None for note in content["notes"])
    assert saved(tmp_path, empty_review())["notes"] == []


def test_it_is_a_performance_file(tmp_path: Path) -> None:
    review = made_review()
    save_review_json(tmp_path / "review.json", review)
    performance = load_json(tmp_path / "review.json")
    np.testing.assert_array_equal(performance.notes["pitch"], review.performance.notes["pitch"])
    np.testing.assert_array_equal(performance.notes["finger"], review.performance.notes["finger"])
    np.testing.assert_allclose(
        performance.notes["onset_sec"], review.performance.notes["onset_sec"], atol=1e-4
    )


def test_odd_bytes_of_a_file_name(tmp_path: Path) -> None:
    assert saved(tmp_path, replace(empty_review(), title="a\udcffb"))["title"] == "a?b"
