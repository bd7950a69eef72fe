"""What moves between frames, as a picture: direction, size, the camera's share, and the first frames of a stream."""

import cv2
import numpy as np
import pytest

from vidclass.motion import LEVELS_PER_PIXEL, STILL, Motion, flow_side

SIDE = 64


@pytest.fixture(scope="module")
def scene():
    """A smooth random texture, larger than a frame."""
    noise = np.random.default_rng(0).integers(0, 256, (2 * SIDE, 2 * SIDE), np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)


def frame(scene, x=0, y=0, inner=0):
    """A colour frame of the scene seen from (x, y); its middle third has moved right by `inner` pixels."""
    grey = scene[32 + y : 32 + y + SIDE, 32 + x : 32 + x + SIDE].copy()
    third = SIDE // 3
    grey[third:-third, third:-third] = scene[
        32 + third : 32 + SIDE - third, 32 + third - inner : 32 + SIDE - third - inner
    ]
    return np.dstack([grey] * 3)


def test_a_stream_begins_still_and_keeps_its_last_moves(scene):
    motion = Motion(SIDE, 2)
    first = motion(frame(scene))
    assert first.shape == (SIDE, SIDE, 4) and first.dtype == np.uint8
    assert (first == STILL).all()
    second = motion(frame(scene, inner=2))
    assert (second[..., :2] == STILL).all() and (second[..., 2:] != STILL).any()
    third = motion(frame(scene, inner=2))
    assert np.array_equal(third[..., :2], second[..., 2:])


def test_what_moves_right_has_positive_first_values_of_its_size(scene):
    motion = Motion(SIDE, 1)
    motion(frame(scene))
    moved = motion(frame(scene, inner=2))[28:36, 28:36].astype(float) - STILL
    assert moved[..., 0].mean() == pytest.approx(2 * LEVELS_PER_PIXEL, rel=0.3)
    assert abs(moved[..., 1].mean()) < 4


def test_the_cameras_own_motion_is_taken_away(scene):
    motion = Motion(SIDE, 1)
    motion(frame(scene))
    panned = motion(frame(scene, x=3, y=1))[16:48, 16:48].astype(float) - STILL
    assert np.abs(panned[:8, :8].mean(axis=(0, 1))).max() < 4  # the ground, which moved by 24 and 8 levels


def test_a_picture_of_another_size_is_brought_to_the_flows(scene):
    motion = Motion(flow_side(SIDE), 1)
    motion(frame(scene))
    small = motion(frame(scene, inner=4))
    assert small.shape == (SIDE // 2, SIDE // 2, 2)
    middle = small[14:18, 14:18].astype(float) - STILL
    assert middle[..., 0].mean() == pytest.approx(2 * LEVELS_PER_PIXEL, rel=0.35)  # half as many pixels


def test_two_streams_know_nothing_of_each_other(scene):
    one, other = Motion(SIDE, 1), Motion(SIDE, 1)
    one(frame(scene))
    assert (other(frame(scene, inner=3)) == STILL).all()


def test_moves_beyond_the_range_are_clipped_and_not_wrapped():
    stripes = np.zeros((SIDE, SIDE, 3), np.uint8)
    stripes[:, 8:16] = 255
    motion = Motion(SIDE, 1)
    motion(stripes)
    far = motion(np.roll(stripes, 30, axis=1))
    assert far.dtype == np.uint8 and far.shape == (SIDE, SIDE, 2)
