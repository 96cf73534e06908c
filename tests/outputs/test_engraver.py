"""What Verovio aborts on, or would take too long for, costs one sentence and no process."""

import pytest

from duemani.errors import InputError
from duemani.outputs.score import engraver
from duemani.outputs.score.engraver import engraved_pages, with_plain_ids
from tests.helpers.inputs import SCORE


@pytest.mark.parametrize("name", ["P'1", "P 1", "P]1", "Pé1", "1", ""])
def test_any_id_is_engraved(name: str) -> None:
    (page,) = engraved_pages(SCORE.replace('"P1"', f'"{name}"'), {}, "Song")
    assert page.count('class="notehead"') == 2


def test_ids_stay_apart_and_plain_ones_as_they_are() -> None:
    text = with_plain_ids('<a id="x-1"/><b id="y\'1"/><c id=\'z 1\'/><d id="y\'1"/>')
    assert text == ('<a id="x-1"/><b id="plain-id-0"/><c id="plain-id-1"/><d id="plain-id-0"/>')


def test_an_engraver_that_ends_its_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engraver, "with_plain_ids", lambda document: document)
    with pytest.raises(InputError, match="Song: this notation cannot be engraved"):
        engraved_pages(SCORE.replace('"P1"', '"P\'1"'), {}, "Song")


def test_an_engraver_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engraver, "MOST_SEC", 0.01)
    with pytest.raises(InputError, match="takes more than"):
        engraved_pages(SCORE, {}, "Song")
