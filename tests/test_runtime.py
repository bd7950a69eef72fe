"""Networks as functions, on OpenVINO and on TensorFlow: the same numbers, in order, nothing left hanging."""

import sys
import threading
from itertools import count, islice

import numpy as np
import pytest

from vidclass import runtime
from vidclass.bundle import FAMILIES
from vidclass.errors import BundleError, OptionError

RUNTIMES = ("openvino", "tensorflow")


def pictures(number, size=32, seed=0):
    random = np.random.default_rng(seed)
    return [(random.integers(0, 256, (size, size, 3), np.uint8),) for _ in range(number)]


@pytest.fixture(scope="module")
def embeds(tiny_bundle):
    """The tiny frame CNN's embedding, by runtime."""
    return {name: runtime.load(tiny_bundle(), name, "f32").embed for name in RUNTIMES}


@pytest.mark.parametrize("family", FAMILIES)
def test_openvino_and_tensorflow_give_the_same(tiny_bundle, family):
    made = tiny_bundle(family)
    size, length = made.preprocess.size, made.window.length
    one, other = (runtime.load(made, name, "f32") for name in RUNTIMES)
    if family == "conv3d":
        random = np.random.default_rng(0)
        items = [(random.integers(0, 256, (length, size, size, 3), np.uint8),) for _ in range(3)]
    else:
        features = [runtime.run(each.embed, pictures(6, size)) for each in (one, other)]
        assert np.allclose(*features, atol=0.01 * np.abs(features[1]).max())
        items = [(feature,) for feature in features[1]]
        if family == "cnn-gru":
            steps = features[1][:length]
            items = [(steps, np.float32(np.arange(length) < present)) for present in (1, 2, length)]
    rows = [runtime.run(each.head, items) for each in (one, other)]
    assert rows[0].shape == (len(items), 3) and rows[0].dtype == np.float32
    assert np.allclose(*rows, atol=0.005)
    assert np.allclose(rows[0].sum(axis=1), 1, atol=1e-3)
    assert np.ptp(rows[1], axis=0).max() > 0.02, "the inputs must matter, or the comparison says nothing"


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("number", [0, 1, 4, 5, 37])
def test_outputs_come_in_order_and_partial_batches_are_whole(embeds, name, number):
    items = pictures(37)
    each_alone = np.concatenate([runtime.run(embeds["tensorflow"], [item]) for item in items[:number]] or [[]])
    found = list(embeds[name].map(iter(items[:number])))
    assert len(found) == number
    assert np.allclose(np.array(found), each_alone, atol=0.01 * np.max(each_alone, initial=0))


@pytest.mark.parametrize("name", RUNTIMES)
def test_only_a_few_items_are_taken_ahead(embeds, name):
    taken = count()
    items = pictures(4)

    def endless():
        while True:
            next(taken)
            yield items[0]

    outputs = embeds[name].map(endless())
    assert len(list(islice(outputs, 10))) == 10
    outputs.close()
    assert next(taken) < 200


def test_outputs_are_the_callers_own(embeds):
    outputs = list(embeds["openvino"].map(pictures(20)))
    kept = [output.copy() for output in outputs]
    list(embeds["openvino"].map(pictures(20, seed=1)))
    assert all(np.array_equal(*pair) for pair in zip(outputs, kept, strict=True))


def test_an_abandoned_stream_leaves_nothing_hanging(embeds):
    for _ in range(20):
        outputs = embeds["openvino"].map(iter(pictures(30)))
        next(outputs)
        outputs.close()
    assert len(list(embeds["openvino"].map(pictures(9)))) == 9


def test_an_error_in_the_items_comes_through(embeds):
    def broken():
        yield from pictures(9)
        raise RuntimeError("the clip ended badly")

    outputs = embeds["openvino"].map(broken())
    with pytest.raises(RuntimeError, match="ended badly"):
        list(outputs)
    assert len(list(embeds["openvino"].map(pictures(3)))) == 3


def test_several_streams_run_at_once(embeds):
    expected = {seed: np.stack(list(embeds["openvino"].map(pictures(40, seed=seed)))) for seed in range(4)}
    found = {}

    def work(seed):
        found[seed] = np.stack(list(embeds["openvino"].map(pictures(40, seed=seed))))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(np.allclose(found[seed], expected[seed], atol=1e-5) for seed in range(4))

    one, other = (embeds["openvino"].map(iter(pictures(40, seed=seed))) for seed in (0, 1))  # in turns, in one thread
    turns = list(zip(one, other, strict=True))
    assert np.allclose(np.stack([turn[1] for turn in turns]), expected[1], atol=1e-5)


def test_it_says_what_runs_the_networks(tiny_bundle):
    assert runtime.load(tiny_bundle(), "openvino", "f32").runtime == "OpenVINO f32"
    assert runtime.load(tiny_bundle(), "tensorflow").runtime == "TensorFlow"
    assert runtime.load(tiny_bundle()).runtime.startswith("OpenVINO ")


def test_tensorflow_serves_where_openvino_is_not_installed(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: None if name == "openvino" else name)
    assert runtime.load(tiny_bundle()).runtime == "TensorFlow"
    with pytest.raises(OptionError, match=r"openvino must be installed.*pip install openvino"):
        runtime.load(tiny_bundle(), "openvino")


def test_an_unknown_runtime_is_refused(tiny_bundle):
    with pytest.raises(OptionError, match=r"must be openvino or tensorflow\. Received: torch"):
        runtime.load(tiny_bundle(), "torch")


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_damaged_network_is_refused(tiny_bundle, tmp_path, name):
    made = tiny_bundle()
    for file in made.required_files():
        (tmp_path / file).write_bytes((made.folder / file).read_bytes()[:1000])
    with pytest.raises(BundleError, match=r"head|embed"):
        runtime.load(type(made)(**{**vars(made), "folder": tmp_path}), name)
