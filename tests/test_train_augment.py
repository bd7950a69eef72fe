"""Random changes to pictures: the same for every frame of a clip, of the right size, where they should be."""

from dataclasses import replace

import numpy as np
import pytest

from train import augment
from train.augment import GENTLE, Augmentation, Strength, draw
from vidclass.preprocess import Preprocess

NONE = Strength(
    area=(1.0, 1.0),
    aspect=1.0,
    zoom_out=0,
    rotation=0,
    shear=0,
    blur=0,
    low_resolution=0,
    compression=0,
    colour=0,
)
"""No change but the mirror, which is drawn for every other picture."""


def random(seed=0):
    return np.random.default_rng(seed)


def scene(height, width):
    """Slow gradients, so that a scaler's rounding is small: red grows to the right, green downwards."""
    picture = np.zeros((height, width, 3))
    picture[..., 0] = np.linspace(20, 230, width)
    picture[..., 1] = np.linspace(20, 230, height)[:, None]
    picture[..., 2] = 90
    return picture.round().astype(np.uint8)


def change(**fields):
    """A change made by hand; by default none."""
    settings = {
        "size": 64,
        "matrix": np.array([[1.0, 0, 0], [0, 1.0, 0]]),
        "gain": np.ones(3, np.float32),
        "contrast": 1.0,
        "kernel": None,
        "detail": 1.0,
        "quality": None,
    }
    return Augmentation(**{**settings, **fields})


def difference(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max()


@pytest.mark.parametrize("shape", [(64, 64), (120, 160), (37, 51), (500, 400), (8, 300)])
def test_a_changed_picture_has_the_size_asked_for(shape):
    for seed in range(20):
        found = draw(random(seed), 48, Strength())(scene(*shape))
        assert found.shape == (48, 48, 3)
        assert found.dtype == np.uint8


@pytest.mark.parametrize("shape", [(64, 64), (120, 160), (32, 32), (240, 320)])
def test_no_strength_gives_the_picture_as_serving_sees_it_or_its_mirror(shape):
    plain = Preprocess(64, "squash")(scene(*shape))
    seen = set()
    for seed in range(8):
        found = draw(random(seed), 64, NONE)(scene(*shape))
        mirrored = difference(found, plain[:, ::-1]) < difference(found, plain)
        assert difference(found, plain[:, ::-1] if mirrored else plain) <= 4
        seen.add(mirrored)
    assert seen == {True, False}


def test_a_mirror_turns_left_and_right_pixel_by_pixel():
    picture = random().integers(0, 256, (64, 64, 3), np.uint8)
    found = change(matrix=np.array([[-1.0, 0, 0], [0, 1.0, 0]]))(picture)
    assert difference(found, picture[:, ::-1]) <= 1
    assert difference(change()(picture), picture) <= 1


def test_a_crop_shows_its_part_of_the_picture():
    picture = random().integers(0, 256, (128, 128, 3), np.uint8)
    # The lower right quarter: half the size, its centre a quarter of the picture right of and below the centre.
    found = change(matrix=np.array([[0.5, 0, 0.25], [0, 0.5, 0.25]]))(picture)
    assert difference(found, picture[64:, 64:]) <= 1


def test_a_crop_of_a_picture_that_is_shrunk_first_stays_in_place():
    picture = scene(1280, 1280)
    found = change(matrix=np.array([[0.5, 0, -0.25], [0, 0.5, 0.25]]))(picture)
    expected = Preprocess(64, "squash")(np.ascontiguousarray(picture[640:, :640]))
    assert difference(found, expected) <= 4


def test_zooming_out_mirrors_the_picture_at_its_rim():
    picture = scene(64, 64)
    found = change(matrix=np.array([[1.5, 0, 0], [0, 1.5, 0]]))(picture).astype(int)
    row = found[32, :, 0]
    turn = int(row.argmin())
    assert 9 <= turn <= 12  # the rim, a sixth of the width from the left
    assert row[0] > row[turn]


def test_turning_goes_around_the_centre():
    picture = np.zeros((65, 65, 3), np.uint8)
    picture[30:35, 58:63] = 250  # a spot at the right
    quarter = change(size=65, matrix=np.array([[0.0, -1, 0], [1, 0, 0]]))(picture)
    rows, columns = np.nonzero(quarter[..., 0] > 125)
    assert abs(columns.mean() - 32) < 1
    assert abs(abs(rows.mean() - 32) - 28) < 1


def test_every_frame_of_a_clip_gets_the_same_change():
    drawn = draw(random(5), 48, Strength())
    frames = [scene(60, 80)] * 3
    found = [drawn(frame) for frame in frames]
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_motion_stays_motion_under_one_change():
    frames = []
    for n in range(5):
        picture = np.full((64, 64, 3), 100, np.uint8)
        picture[28:36, 8 + 8 * n : 16 + 8 * n] = 250
        frames.append(picture)
    strength = replace(NONE, area=(0.8, 0.8), rotation=8.0)
    for seed in range(6):
        drawn = draw(random(seed), 64, strength)
        places = [np.mean(np.nonzero(drawn(frame)[..., 0] > 175)[1]) for frame in frames]
        steps = np.diff(places)
        assert np.all(np.sign(steps) == np.sign(steps[0]))
        assert np.ptp(steps) < 2.5


def test_a_draw_is_decided_by_the_seed():
    picture = scene(100, 140)
    assert np.array_equal(draw(random(1), 48, Strength())(picture), draw(random(1), 48, Strength())(picture))
    assert not np.array_equal(draw(random(1), 48, Strength())(picture), draw(random(2), 48, Strength())(picture))


def test_colour_changes_brightness_and_balance():
    picture = np.full((64, 64, 3), 100, np.uint8)
    found = change(gain=np.array([1.2, 1.0, 0.5], np.float32))(picture)
    assert found[0, 0].tolist() == pytest.approx([120, 100, 50], abs=1)


def test_contrast_spreads_values_around_their_mean():
    picture = np.full((64, 64, 3), 80, np.uint8)
    picture[32:] = 120
    found = change(contrast=1.5)(picture)
    assert found[0, 0, 0] == pytest.approx(70, abs=1)
    assert found[-1, 0, 0] == pytest.approx(130, abs=1)


@pytest.mark.parametrize("fields", [{"detail": 0.3}, {"quality": 15}, {"kernel": augment._motion(random(), 400)}])
def test_detail_is_lost_and_brightness_kept(fields):
    picture = random().integers(0, 256, (64, 64, 3), np.uint8)
    found = change(**fields)(picture)
    assert found.std() < 0.95 * picture.std()
    assert found.mean() == pytest.approx(picture.mean(), abs=3)


def test_the_last_epochs_change_pictures_less():
    picture = scene(96, 96)
    plain = Preprocess(64, "squash")(picture)

    def typical(strength):
        found = [draw(random(seed), 64, strength)(picture) for seed in range(40)]
        return np.median([min(np.abs(f - p.astype(int)).mean() for p in (plain, plain[:, ::-1])) for f in found])

    assert typical(GENTLE) < 0.75 * typical(Strength())
