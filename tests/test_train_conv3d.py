"""The 3D CNN's training on stacks of frames."""

import keras
import numpy as np
import pytest

from tests import tiny_data
from tests.trained import untraced
from train import conv3d, data
from train.conv3d import Clips
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from vidclass import networks
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")  # see `untraced`

LABELS = ("blue", "green", "red")


def test_the_baseline_learns_colours_and_its_batch_norms_learn_their_statistics(tmp_path, capsys):
    folder = tiny_data.clip_folder(tmp_path / "clips", 8)
    (folder / "red" / "broken.mp4").write_bytes(b"no clip")
    items = data.split(data.read_items(folder), 0)
    keras.utils.set_random_seed(0)
    network = networks.small_conv3d_head(3, 16, 3, [4, 8], 16, 0.2, grey=False)
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [[value.copy() for value in norm.get_weights()] for norm in norms]
    schedule = Schedule(
        stages=(Stage(16, 5, 1e-2, batch_norm=True),), batch_size=5, warmup_steps=2, label_smoothing=0.0, head_epochs=0
    )
    with untraced():
        history = conv3d.train(
            items,
            LABELS,
            network,
            Preprocess(16),
            Window(3, 5.0, 1),
            schedule,
            Clips(spec=PictureSpec(24, 10.0), per_clip=2),
            seed=0,
            folder=tmp_path / "run",
            cache=tmp_path / "cache",
        )
    assert len(history["loss"]) == 5
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert max(history["val_accuracy"]) >= 2 / 3
    assert "Skipped 1 unreadable files" in capsys.readouterr().out
    for norm, values in zip(norms, before, strict=True):
        assert not any(np.array_equal(value, old) for value, old in zip(norm.get_weights(), values, strict=True))


def test_the_last_layer_is_fitted_first_and_alone(tmp_path, monkeypatch):
    items = data.split(data.read_items(tiny_data.clip_folder(tmp_path / "clips", 8)), 0)
    keras.utils.set_random_seed(0)
    network = networks.small_conv3d_head(3, 16, 3, [4], 16, 0.2, grey=False)
    before = [value.copy() for value in network.get_weights()]
    found = []

    def measured(network, *_):
        found.append([value.copy() for value in network.get_weights()])
        return {}

    monkeypatch.setattr(conv3d.fit, "train_whole", measured)
    clips = Clips(spec=PictureSpec(24, 10.0), per_clip=2)
    schedule = Schedule(stages=(Stage(16, 1, 1e-2),), batch_size=5, head_epochs=3)
    with untraced():
        conv3d.train(
            items, LABELS, network, Preprocess(16), Window(3, 5.0, 1), schedule, clips, 0, tmp_path, tmp_path / "cache"
        )
    same = [np.array_equal(a, b) for a, b in zip(before, found[0], strict=True)]
    assert same == [True] * (len(same) - 2) + [False, False]  # kernel and bias of the softmax


def test_frames_are_taken_as_far_apart_as_serving_takes_them():
    clips = Clips()
    assert clips.steps[0] == 2  # pictures at 10 a second, windows at 5
    assert min(clips.steps) < clips.steps[0] < max(clips.steps)  # a slower and a faster clip are seen too
