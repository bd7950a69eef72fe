"""The networks: rebuilt from a configuration, raw pixels in, probabilities out."""

import numpy as np
import pytest

from tests import fakes
from vidclass import backbones, networks, runtime
from vidclass.bundle import FAMILIES
from vidclass.errors import OptionError

keras = pytest.importorskip("keras")


def build(family, size=32, **changes):
    architecture = {**fakes.ARCHITECTURES[family], **changes}
    return networks.build(family, architecture, size, 3, fakes.WINDOWS[family].length)


def enliven(network, seed=0):
    """Gives a network weights by which its inputs matter."""
    random = np.random.default_rng(seed)
    network.set_weights([random.normal(0, 0.5, weight.shape) for weight in network.get_weights()])


def stack(number=2, length=4, size=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (number, length, size, size, 3)).astype(np.float32)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_probabilities_of_its_labels(family):
    embed, head = build(family)
    frames = stack()
    if family == "conv3d":
        assert embed is None
        rows = head(frames)
    else:
        features = np.asarray(embed(frames.reshape(-1, 32, 32, 3)))
        assert features.shape == (8, head.inputs[0].shape[-1])
        rows = head(features) if family == "frame-cnn" else head([features.reshape(2, 4, -1), np.ones((2, 4))])
    assert np.allclose(np.asarray(rows).sum(axis=1), 1, atol=1e-5) and rows.shape[1] == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_weights_are_loaded_again_to_the_same_numbers(tiny_bundle, family):
    made = tiny_bundle(family)
    one, other = runtime.build_keras(made), runtime.build_keras(made)
    fresh = networks.build(family, made.architecture, 32, 3, made.window.length)
    for loaded, again, new in zip(one, other, fresh, strict=True):
        if loaded is not None:
            pairs = list(zip(loaded.get_weights(), again.get_weights(), strict=True))
            assert all(np.array_equal(*pair) for pair in pairs)
            assert [weight.shape for weight in new.get_weights()] == [weight.shape for weight, _ in pairs]


@pytest.mark.parametrize("name", backbones.BACKBONES)
def test_a_backbone_scales_raw_pixels_as_its_weights_expect_them(name, monkeypatch):
    monkeypatch.setattr(backbones, "keep_statistics", lambda base: lambda scaled: scaled)
    scaling = backbones.backbone(name, None)
    low, high = (np.asarray(scaling(np.full((1, 8, 8, 3), value, np.float32)))[0, 0, 0] for value in (0, 255))
    if name == "ResNet50":  # blue, green, red, less the mean of the ImageNet pictures
        assert np.allclose(low, -np.array(backbones.CAFFE_MEAN), atol=1e-3)
        assert np.allclose(high, 255 - np.array(backbones.CAFFE_MEAN), atol=1e-3)
    else:
        assert np.allclose(low, -1) and np.allclose(high, 1)


def test_a_backbone_takes_pictures_of_any_size_unless_told():
    assert backbones.backbone("MobileNetV2", None).input_shape == (None, None, None, 3)
    assert backbones.backbone("MobileNetV2", 64).output_shape == (None, 2, 2, 1280)


def test_weights_can_be_given_as_a_file(tmp_path):
    base = keras.applications.MobileNet(alpha=0.75, include_top=False, weights=None, input_shape=(32, 32, 3))
    enliven(base)
    base.save_weights(tmp_path / "base.weights.h5")
    made = backbones.backbone("MobileNet-0.75", 32, str(tmp_path / "base.weights.h5"))
    assert all(np.allclose(*pair) for pair in zip(made.get_weights(), base.get_weights(), strict=True))


def test_batch_norm_keeps_its_statistics_while_it_trains():
    embed = backbones.frame_embed("MobileNet-0.75", 32)
    norms = [layer for layer in embed._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    before = [np.asarray(layer.moving_mean) for layer in norms]
    pixels = stack()[0]
    assert len(norms) > 20
    assert np.allclose(embed(pixels, training=True), embed(pixels, training=False))
    model = keras.Model(embed.input, keras.layers.Dense(2)(embed.output))
    model.compile("sgd", "mse")
    model.fit(pixels, np.zeros((4, 2)), epochs=1, verbose=0)
    assert all(np.array_equal(old, layer.moving_mean) for old, layer in zip(before, norms, strict=True))


def test_a_gru_passes_over_what_is_masked():
    head = networks.gru_head(length=4, features=5, classes=3, units=[8, 4], dropout=0.4, dense=6)
    enliven(head)
    random = np.random.default_rng(0)
    window = random.normal(size=(1, 4, 5)).astype(np.float32)
    other = window.copy()
    other[:, 2:] = random.normal(size=(1, 2, 5))
    two, all_four = np.float32([[1, 1, 0, 0]]), np.ones((1, 4), np.float32)
    assert np.allclose(head([window, two]), head([other, two]), atol=1e-6)
    assert not np.allclose(head([window, all_four]), head([other, all_four]), atol=1e-3)
    assert not np.allclose(head([window, all_four]), head([window[:, ::-1], all_four]), atol=1e-3), "order matters"


def test_a_gru_head_can_look_at_the_mean_of_what_is_not_masked_too():
    head = networks.gru_head(length=4, features=5, classes=3, units=[8], dropout=0.0, pooled=True)
    assert head.layers[-1].kernel.shape == (8 + 5, 3)
    seen = keras.Model(head.inputs, head.layers[-1].input)  # (B, 8 + 5), before the softmax
    window = np.random.default_rng(0).normal(size=(1, 4, 5)).astype(np.float32)
    three = np.float32([[1, 1, 1, 0]])
    assert np.allclose(seen([window, three])[0, 8:], window[0, :3].mean(axis=0), atol=1e-6)


def test_the_tutorials_gru_head_can_be_built():
    head = networks.gru_head(length=20, features=2048, classes=5, units=[16, 8], dropout=0.4, dense=8)
    assert [layer.units for layer in head.layers if hasattr(layer, "units")] == [16, 8, 8, 5]


def test_a_3d_cnn_starts_as_a_2d_one_and_learns_time():
    head = build("conv3d").head
    times = [layer for layer in head.layers if isinstance(layer, keras.layers.Conv3D)]
    assert times and all(layer.kernel_size == (3, 1, 1) for layer in times)
    frames = stack(1)
    for part in head.layers:  # lively 2D layers, so that the frames matter at all
        for layer in getattr(part, "layers", []):
            if layer.weights and "BatchNorm" not in type(layer).__name__:
                inputs = 9 if layer.kernel.shape[-1] == 1 else np.prod(layer.kernel.shape[:-1])  # 1: depthwise
                layer.kernel.assign(np.random.default_rng(0).normal(0, np.sqrt(2 / inputs), layer.kernel.shape))
    shuffled = frames[:, [2, 0, 3, 1]]
    assert np.allclose(head(frames), head(shuffled), atol=1e-5), "no time yet: the temporal kernels are zero"
    for layer in times:
        layer.kernel.assign(np.random.default_rng(1).normal(0, 0.05, layer.kernel.shape))
    assert not np.allclose(head(frames), head(shuffled), atol=1e-4)


def test_a_3d_cnn_takes_over_the_weights_of_a_2d_one():
    trunk = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
    enliven(trunk)
    head = build("conv3d").head
    from train.start import set_trunk

    set_trunk(head, trunk.get_weights())
    taken = {layer.name: layer for part in head.layers for layer in getattr(part, "layers", [])}
    for layer in [layer for layer in trunk.layers if layer.weights]:
        for weight, copy in zip(layer.get_weights(), taken[layer.name].get_weights(), strict=True):
            assert np.array_equal(weight, copy)


@pytest.mark.parametrize("grey", [True, False])
def test_the_small_3d_cnn_can_be_built(grey):
    architecture = {"filters": [4, 8], "dense": 16, "dropout": 0.5, "grey": grey}
    head = networks.build("conv3d", architecture, 32, 5, 10).head
    assert np.asarray(head(stack(1, 10))).shape == (1, 5)


@pytest.mark.parametrize(
    ("family", "architecture", "pattern"),
    [
        ("transformer", {}, r"family must be frame-cnn, conv3d or cnn-gru\. Received: transformer"),
        ("frame-cnn", {"backbone": "VGG", "units": 8, "dropout": 0.5}, r"backbone must be one of .*Received: VGG"),
    ],
)
def test_what_cannot_be_built_is_refused(family, architecture, pattern):
    with pytest.raises(OptionError, match=pattern):
        networks.build(family, architecture, 32, 3, 4)


def two_stream(size=64, flows=2):
    return networks.build("cnn-gru", {**fakes.ARCHITECTURES["cnn-gru"], "flows": flows}, size, 3, 4)


def test_a_cnn_gru_can_see_flow_beside_the_frame():
    embed, head = two_stream()
    enliven(backbones.streams(embed)[1])
    frames, flow = stack(1, 4, 64)[0], np.full((4, 32, 32, 4), 128, np.float32)
    still = np.asarray(embed([frames, flow]))
    assert still.shape == (4, 768 + 384) and head.inputs[0].shape == (None, 4, 768 + 384)
    moved = np.asarray(embed([frames, flow + 40]))
    assert np.allclose(still[:, :768], moved[:, :768])  # what the frame shows is its own stream's
    assert not np.allclose(still[:, 768:], moved[:, 768:])


def test_the_streams_of_an_embedding_can_be_had_apart():
    embed, _ = two_stream()
    frame, flow = backbones.streams(embed)
    assert frame.output.shape[-1] == 768 and flow.output.shape[-1] == 384
    one = backbones.frame_embed("MobileNet-0.75", 32)
    assert backbones.streams(one) == (one, None)


def test_a_flow_cnn_starts_from_a_picture_cnn_that_sees_no_colour(tmp_path):
    base = keras.applications.MobileNet(alpha=0.75, include_top=False, weights=None, input_shape=(32, 32, 3))
    enliven(base)
    base.save_weights(tmp_path / "base.weights.h5")
    made = backbones.flow_embed(32, 3, str(tmp_path / "base.weights.h5"))
    first, *others = made.get_weights()
    given = base.get_weights()
    assert first.shape == (3, 3, 6, 24)
    assert np.allclose(first, given[0].mean(axis=2, keepdims=True) / 2, atol=1e-6)
    assert 100 > len(others) > 20 and all(np.array_equal(*pair) for pair in zip(others, given[1:], strict=False))


def test_no_motion_is_nothing_to_a_flow_cnn():
    made = backbones.flow_embed(32, 1)
    scaled = next(layer for layer in made.layers if isinstance(layer, keras.layers.Rescaling))(
        np.full((1, 32, 32, 2), 128, np.float32)
    )
    assert np.allclose(np.asarray(scaled), 0)
