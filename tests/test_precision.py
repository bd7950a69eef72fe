"""Where bf16 is taken, and which layers stay in f32: the first ones, as OpenVINO itself says."""

import numpy as np
import pytest

from vidclass import _precision, runtime
from vidclass._openvino import openvino
from vidclass.bundle import FAMILIES
from vidclass.errors import OptionError

CORE = openvino.Core()
HAS_BF16 = _precision.choose(CORE, None) == "bf16"
needs_bf16 = pytest.mark.skipif(not HAS_BF16, reason="this processor does not compute in bf16")


class Processor:
    """OpenVINO's answer about a processor."""

    def __init__(self, *capabilities):
        self.capabilities = capabilities

    def get_property(self, device, name):
        assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
        return list(self.capabilities)


def test_bf16_is_taken_where_the_processor_has_it():
    assert _precision.choose(Processor("FP32", "BF16"), None) == "bf16"
    assert _precision.choose(Processor("FP32", "INT8"), None) == "f32"
    assert _precision.choose(Processor("FP32", "BF16"), "f32") == "f32"


def test_bf16_is_refused_where_the_processor_would_only_play_it():
    with pytest.raises(OptionError, match=r"must compute in bf16.*Use the precision f32"):
        _precision.choose(Processor("FP32"), "bf16")


def computed_in(network):
    """Precision of the outputs of a running network's convolutions, in order of computation."""
    notes = [layer.get_rt_info() for layer in network._compiled.get_runtime_model().get_ordered_ops()]
    kept = [each for each in notes if each["layerType"].astype(str) == "Convolution"]
    return [each["outputPrecisions"].astype(str) for each in kept]


@needs_bf16
def test_only_the_first_convolutions_stay_in_f32(tiny_bundle):
    path = tiny_bundle().folder / "embed.xml"
    precisions = computed_in(runtime.load_exported(path, "bf16")[0])
    assert precisions[: _precision.FIRST] == ["f32"] * _precision.FIRST
    assert precisions[_precision.FIRST : -1] == ["bf16"] * (len(precisions) - _precision.FIRST - 1)
    assert len(precisions) > 20
    assert set(computed_in(runtime.load_exported(path, "f32")[0])) == {"f32"}


@needs_bf16
@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "conv3d"])
def test_bf16_gives_nearly_the_same(tiny_bundle, family):
    made = tiny_bundle(family)
    exact, rough = (runtime.load(made, "openvino", precision) for precision in ("f32", "bf16"))
    assert rough.runtime == "OpenVINO bf16"
    random = np.random.default_rng(0)
    pictures = [(random.integers(0, 256, exact.embed.takes[0], np.uint8),) for _ in range(6)]
    pair = [runtime.run(each.embed, pictures) for each in (exact, rough)]
    assert np.allclose(*pair, atol=0.1 * np.abs(pair[0]).max())  # random weights spread errors more than trained ones
    assert not np.array_equal(*pair)


@needs_bf16
def test_a_network_that_takes_stacks_of_frames_stays_in_f32(tiny_bundle):
    exact, chosen = (runtime.load(tiny_bundle("conv3d"), "openvino", precision) for precision in ("f32", "bf16"))
    assert chosen.runtime == "OpenVINO f32"
    stacks = [(np.random.default_rng(0).integers(0, 256, exact.head.takes[0], np.uint8),)]
    assert np.array_equal(runtime.run(exact.head, stacks), runtime.run(chosen.head, stacks))


def test_a_head_that_takes_features_stays_in_f32(tiny_bundle):
    exact, chosen = (runtime.load(tiny_bundle(), "openvino", precision).head for precision in ("f32", None))
    features = [(np.random.default_rng(0).random(shape, np.float32),) for shape in exact.takes]
    assert np.array_equal(runtime.run(exact, features), runtime.run(chosen, features))
