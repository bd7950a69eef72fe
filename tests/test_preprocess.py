"""Pictures to network input: the geometry, and one answer from either scaler."""

import numpy as np
import pytest

from vidclass import video
from vidclass.preprocess import GEOMETRIES, Preprocess, resize


def ramp(width, height):
    """Red grows from left to right, green from top to bottom."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, np.full_like(x, 128)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("size", [(640, 360), (360, 640), (33, 47), (8, 8), (1, 1), (1000, 3)])
def test_a_picture_of_any_size_becomes_the_square(geometry, size):
    made = Preprocess(32, geometry)(ramp(*size))
    assert made.shape == (32, 32, 3) and made.dtype == np.uint8


def test_squash_keeps_the_rim_and_a_centre_crop_cuts_it():
    assert np.ptp(Preprocess(32, "squash")(ramp(480, 320))[16, :, 0]) > 240
    wide = ramp(640, 320)
    cropped = Preprocess(32, "center_crop")(wide)
    assert 60 < cropped[16, 0, 0] < 70 and 185 < cropped[16, -1, 0] < 195  # the middle half
    assert np.ptp(cropped[:, 16, 1]) > 240  # the whole height


def test_what_is_longer_than_a_photo_is_cut_before_it_is_squashed():
    across = Preprocess(32, "squash")(ramp(640, 320))
    assert 25 < across[16, 0, 0] < 40 and 215 < across[16, -1, 0] < 230  # the middle three quarters of 2:1
    assert np.ptp(across[:, 16, 1]) > 240  # the whole height
    upright = Preprocess(32, "squash")(ramp(320, 640))
    assert np.ptp(upright[16, :, 0]) > 240 and 25 < upright[0, 16, 1] < 40


@pytest.mark.parametrize("width", range(224, 240))
def test_the_scaled_picture_is_never_smaller_than_the_crop(width):
    for height in (224, 225, 500, 1000):
        scaled = Preprocess(112, "center_crop").scaled_size(width, height)
        assert min(scaled) == 112 and max(scaled) >= 112


def test_a_picture_of_the_right_size_stays_as_it_is():
    picture = ramp(32, 32)
    for geometry in GEOMETRIES:
        assert np.array_equal(Preprocess(32, geometry)(picture), picture)


@pytest.mark.parametrize("height", [64, 12])
def test_a_side_that_shrinks_is_averaged_whatever_the_other_does(height):
    stripes = np.zeros((height, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.all(np.abs(resize(stripes, (16, 16)).astype(int) - 128) <= 1)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("size", [(640, 360), (320, 240), (202, 302), (96, 64)])
def test_a_photo_and_a_frame_become_the_same_input(make_clip, geometry, size):
    clip = make_clip("a.mkv", frames=1, size=size, picture=lambda _: ramp(*size), codec="ffv1", pixel_format="bgr0")
    preprocess = Preprocess(112, geometry)
    with video.read(clip) as frames:
        frame = next(frames)
        assert np.array_equal(frame.rgb(), ramp(*size))
        seen = preprocess.crop(frame.rgb(preprocess.scaled_size(frame.width, frame.height)))
    difference = np.abs(seen.astype(int) - preprocess(ramp(*size)))
    assert seen.shape == (112, 112, 3)
    assert difference.mean() < 1 and difference[2:-2, 2:-2].max() <= 4
