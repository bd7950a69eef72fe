"""Lettering: what is written can be read, and fits."""

import numpy as np
import pytest

from vidclass.lettering import Lettering

INK, GROUND = (255, 255, 255), (0, 0, 0)


@pytest.fixture(scope="module")
def letters():
    return Lettering(20)


@pytest.mark.parametrize("text", ["tennis", "Übung", "łyżwy", "бокс", "τένις", "…", "100 %"])
def test_known_letters_are_kept(letters, text):
    assert letters.fit(text, 1000) == text


@pytest.mark.parametrize(
    ("text", "drawn"), [("网球", "??"), ("a\U0010ffffb", "a?b"), (" two\n lines\t", "two lines"), ("", "")]
)
def test_unknown_letters_become_question_marks_and_a_text_has_one_line(letters, text, drawn):
    assert letters.fit(text, 1000) == drawn


@pytest.mark.parametrize("width", range(0, 160, 7))
def test_a_text_is_shortened_until_it_fits(letters, width):
    fitted = letters.fit("weight lifting championship", width)
    assert letters.width(fitted) <= width
    if fitted:
        assert fitted.endswith("…") and "weight lifting championship".startswith(fitted[:-1].rstrip())
        assert not fitted.endswith(" …")


def test_an_endless_label_is_shortened_at_once(letters):
    assert letters.fit("x" * 1_000_000, 100).endswith("x…")


def test_capital_is_the_height_of_what_is_drawn(letters):
    rows = np.flatnonzero((letters.picture("HXE", (60, 25), INK, GROUND) > 60).any(axis=(1, 2)))
    assert rows[-1] - rows[0] + 1 == letters.capital


def test_accents_and_descenders_stay_inside_the_line(letters):
    picture = letters.picture("Égjpqy", (100, 26), INK, GROUND)
    assert picture.shape == (26, 100, 3)
    assert not picture[0].any() and not picture[-1].any()


def test_text_starts_at_the_left_or_ends_at_the_right(letters):
    columns = [
        np.flatnonzero(letters.picture("87 %", (200, 26), INK, GROUND, right).any(axis=(0, 2))) for right in (0, 1)
    ]
    assert columns[0][0] <= 3 and columns[1][-1] >= 196
