"""The CNN-GRU's head: windows of features with their masks, and a training that takes minutes."""

import keras
import numpy as np
import pytest

from tests import tiny_data
from tests.trained import untraced
from train import cnn_gru
from train.cnn_gru import Head
from train.data import Item
from train.pictures import PictureSpec
from vidclass import networks
from vidclass.bundle import Window

pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")  # see `untraced`

WIDTH = 4
LENGTH = 5


def features(counts=(2, 9, 30), views=2):
    """Of item i, view v, step n the feature (i, v, n, 1)."""
    return [
        np.stack([[(item, view, n, 1) for n in range(count)] for view in range(views)]).astype(np.float16)
        for item, count in enumerate(counts)
    ]


def windows(**changed):
    settings = {
        "features": features(),
        "items": [0, 1, 2],
        "targets": np.eye(3, dtype=np.float32),
        "length": LENGTH,
        "head": Head(batch_size=6, per_clip=4),
        "seed": 0,
    }
    return cnn_gru.FeatureWindows(**{**settings, **changed})


def batches(found, epochs=1):
    for _ in range(epochs):
        for n in range(len(found)):
            yield found[n]
        found.on_epoch_end()


def test_short_windows_are_padded_at_the_end_and_masked():
    stacks = [np.ones((2, 3), np.float32), np.full((5, 3), 2, np.float32)]
    batch, mask = cnn_gru.stack_masked(stacks, 5)
    assert batch.shape == (2, 5, 3)
    assert mask.tolist() == [[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]]
    assert batch[0, :, 0].tolist() == [1, 1, 0, 0, 0]
    assert batch.dtype == mask.dtype == np.float32


def test_windows_are_of_one_clip_and_one_view_in_order_with_its_target():
    lengths, views = set(), set()
    for (batch, mask), targets in batches(windows(), epochs=20):
        for window, present, target in zip(batch, mask, targets, strict=True):
            count = int(present.sum())
            steps = window[:count]
            assert present.tolist() == [1] * count + [0] * (LENGTH - count)
            assert not window[count:].any()
            assert set(steps[:, 0]) == {target.argmax()}
            assert len(set(steps[:, 1])) == 1
            assert (np.diff(steps[:, 2]) == 1).all()
            lengths.add(count)
            views.add(steps[0, 1])
    assert lengths == {1, 2, 3, 4, 5}
    assert views == {0, 1}


def test_each_clip_gives_its_share_of_windows_in_an_epoch():
    found = windows()
    assert len(found) == 2
    assert sum(found[n][1] for n in range(2)).sum(axis=0).tolist() == [4, 4, 4]


def test_dropped_entries_are_the_same_in_every_step_of_a_window():
    kept = []
    for (batch, mask), _ in batches(windows(head=Head(batch_size=6, noise=0.5)), epochs=10):
        for window, present in zip(batch, mask, strict=True):
            last = window[: int(present.sum()), 3]  # 1 in every step
            assert len(set(last)) == 1
            kept.append(last[0])
    assert set(kept) == {0.0, 2.0}  # what is kept is scaled up, so that the mean stays
    assert np.mean(kept) == pytest.approx(1.0, abs=0.35)


def test_windows_are_decided_by_the_seed():
    assert np.array_equal(windows()[0][0][0], windows()[0][0][0])
    assert not np.array_equal(windows()[0][0][0], windows(seed=1)[0][0][0])


def test_unreadable_clips_are_left_out(tmp_path, capsys):
    paths = [tmp_path / "missing.mp4", tiny_data.clip(tmp_path / "a.mp4", 12), tiny_data.clip(tmp_path / "b.mp4", 12)]
    items = [Item(path, "a", path.name, part) for path, part in zip(paths, ("train", "train", "test"), strict=True)]
    head = Head(spec=PictureSpec(40, 10.0))
    store, used = cnn_gru.decode(items, head, tmp_path / "cache")
    assert [item.path.name for item in used] == ["a.mp4"]
    assert [store.count(number) for number in range(len(store.shapes))] == [5]
    assert store[0, 0].shape[2] == 3
    assert "Skipped 1 unreadable files" in capsys.readouterr().out


def moving(count, seed):
    """Clips that rise or fall: told by the order of their steps and by nothing else."""
    random = np.random.default_rng(seed)
    truth = [n % 2 for n in range(count)]
    clips = []
    for falls in truth:
        steps = np.sort(random.normal(0, 1, (1, 9, 1)), axis=1)
        clips.append(np.repeat(steps[:, ::-1] if falls else steps, WIDTH, axis=2).astype(np.float16))
    return clips, truth


def test_a_head_learns_what_only_the_order_tells(tmp_path, monkeypatch):
    clips, truth = moving(60, 0)
    parts = {"train": list(range(44)), "validation": list(range(44, 60))}
    keras.utils.set_random_seed(0)
    network = networks.gru_head(LENGTH, WIDTH, 2, units=[8], dropout=0.0)
    head = Head(epochs=8, batch_size=22, rate=3e-2, per_clip=4, label_smoothing=0.0)
    monkeypatch.setattr("train.windows.WARM_UP_SHARE", 0.0)
    history = cnn_gru.train_head(network, clips, truth, parts, 2, Window(LENGTH, 5.0, 2), head, 0, tmp_path)
    assert len(history["val_accuracy"]) == 8
    assert max(history["val_accuracy"]) >= 0.9
    assert [path.name for path in tmp_path.iterdir()] == ["best.weights.h5"]


def test_the_best_epoch_is_the_one_that_is_left(tmp_path):
    clips, truth = moving(20, 1)
    parts = {"train": list(range(12)), "validation": list(range(12, 20))}
    network = networks.gru_head(LENGTH, WIDTH, 2, units=[4], dropout=0.3)
    window = Window(LENGTH, 5.0, 2)
    with untraced():
        history = cnn_gru.train_head(network, clips, truth, parts, 2, window, Head(epochs=3, batch_size=8), 0, tmp_path)
    from train import fit
    from train import windows as cut

    draws = [draw for item in parts["validation"] for draw in cut.served_windows(item, 9, window, 1)]
    served = cnn_gru.stack_masked([clips[d.item][0][list(d.pictures)].astype(np.float32) for d in draws], LENGTH)
    rows = np.asarray(network.predict(served, verbose=0))
    _, top1 = fit.clip_top1(rows, np.array([draw.item for draw in draws]), truth)
    assert top1 == max(history["val_accuracy"])
