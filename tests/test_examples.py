"""The example clips, seen by the bundled models: what each promises a visitor who has no clip at hand."""

from functools import cache

import numpy as np
import pytest

import vidclass
from vidclass import video, zoo
from vidclass.page import drawing, examples
from vidclass.smoothing import DEFAULT_QUEUE

CLIPS = {each.path.name: each for each in examples.own()}
FLICKERS = 5
"""Label switches that an example must show at least, judged frame by frame."""
STEADY = 1
"""Label switches that it may have at most, once it is smoothed."""
BLUR = 8
"""Levels, of 255, by which compression may change a drawn picture's pixels on average."""

EVERY = 17
"""Frames from one that is looked at to the next; some of them belong to interruptions."""


@cache
def bundled(name):
    return vidclass.load(zoo.MODELS / name)


def test_there_is_an_example_of_every_drawn_clip():
    assert len(CLIPS) >= 2
    assert {each.label for each in CLIPS.values()} == set(drawing.CLIPS)


@pytest.mark.parametrize("name", CLIPS)
def test_its_model_is_sure_of_it_and_smoothing_ends_its_flicker(name):
    example = CLIPS[name]
    summary = vidclass.analyse(example.path, bundled(example.model)).summary(DEFAULT_QUEUE)
    assert summary.label == example.label
    assert summary.sure, summary.verdict
    assert summary.raw.switches >= FLICKERS
    assert summary.smoothed.switches <= STEADY
    assert summary.smoothed.agreement > summary.raw.agreement


@pytest.mark.parametrize("name", CLIPS)
def test_it_is_drawn_by_the_code_that_is_said_to_have_drawn_it(name):
    shown, other = drawing.CLIPS[CLIPS[name].label]
    with video.read(CLIPS[name].path) as frames:
        assert frames.info.frame_count == drawing.FPS * drawing.SECONDS
        for frame in frames:
            if frame.index % EVERY == 0:
                scene = other if drawing.interrupted(frame.index) else shown
                drawn = scene(frame.index / drawing.FPS)
                assert np.abs(frame.rgb().astype(int) - drawn).mean() < BLUR, frame.index
