"""A camera's pictures, judged one by one: the same rows as for a clip."""

import numpy as np
import pytest

from tests import fakes
from vidclass.classify import Sighting
from vidclass.live import SHOWN, Live


def pictures(count, rate):
    """Times and plain grey pictures."""
    greys = np.random.default_rng(0).integers(0, 256, count)
    return [(n / rate, np.full((6, 9, 3), grey, np.uint8)) for n, grey in enumerate(greys)]


@pytest.mark.parametrize("rate", [3, 10, 30])
@pytest.mark.parametrize("family", fakes.WINDOWS)
def test_each_picture_gets_the_row_that_a_clip_would_give_it(family, rate):
    model, seen = fakes.classifier(family), pictures(40, rate)
    live = Live(model)
    rows = [live.push(time, picture) for time, picture in seen]
    sightings = [Sighting(time, lambda picture=picture: model.bundle.preprocess(picture)) for time, picture in seen]
    np.testing.assert_array_equal(rows, list(model.rows(sightings)))


def test_the_mean_is_that_of_the_last_pictures():
    live = Live(fakes.classifier())
    rows = [live.push(time, picture) for time, picture in pictures(20, 10)]
    np.testing.assert_allclose(live.mean(8), np.mean(rows[-8:], axis=0), atol=1e-6)
    np.testing.assert_allclose(live.mean(256), np.mean(rows, axis=0), atol=1e-6)
    assert live.rate == pytest.approx(10)


def test_only_the_last_seconds_are_shown_and_little_is_kept():
    live = Live(fakes.classifier())
    for time, picture in pictures(2000, 30):
        live.push(time, picture)
    shown = live.analysis()
    assert shown.duration == pytest.approx(SHOWN, abs=0.05)
    assert shown.times[0] == 0 and len(live.rows) < 1200
    np.testing.assert_array_equal(shown.rows[-1], live.rows[-1])


def test_visitors_do_not_see_each_others_pictures():
    model = fakes.classifier("cnn-gru")
    mine, yours = Live(model), Live(model)
    dark, bright = np.zeros((6, 9, 3), np.uint8), np.full((6, 9, 3), 255, np.uint8)
    for n in range(10):
        mine.push(n / 5, dark)
        yours.push(n / 5, bright)
    assert mine.mean(10).argmax() == 0 and yours.mean(10).argmax() == 2
