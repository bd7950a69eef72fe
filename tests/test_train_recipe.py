"""Recipes: complete, and changed by the command line as asked."""

from dataclasses import replace

import pytest

from train import recipes
from train.fit import Schedule, Stage
from vidclass.bundle import FAMILIES
from vidclass.errors import OptionError


@pytest.fixture(params=recipes.NAMES)
def recipe(request):
    return recipes.load(request.param)


def test_every_recipe_has_its_own_name_and_a_known_family(recipe):
    assert recipe.name in recipes.NAMES
    assert recipe.family in FAMILIES


def test_windows_and_training_agree_on_the_rate(recipe):
    assert recipe.kept in (recipe.pictures, recipe.clips.spec, recipe.head.spec)
    if recipe.family == "frame-cnn":
        assert recipe.window.length == 1
    elif recipe.family == "conv3d":
        assert recipe.clips.spec.sample_fps / recipe.clips.steps[0] == recipe.window.sample_fps
        assert all(stage.side == recipe.preprocess.size for stage in recipe.schedule.stages)
    else:
        assert recipe.head.spec.sample_fps / recipe.head.step == recipe.window.sample_fps


def test_the_last_stage_of_a_frame_cnn_is_at_the_size_that_serves(recipe):
    if recipe.family == "frame-cnn":
        assert recipe.schedule.stages[-1].side == recipe.preprocess.size


def test_every_docstring_gives_the_command(recipe):
    from importlib import import_module

    text = import_module(f"train.recipes.{recipe.name.replace('-', '_')}").__doc__
    assert f"python -m train {recipe.family} --recipe {recipe.name} " in text


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 15, 30, 100])
def test_the_number_of_epochs_is_shared_out_over_the_stages(recipe, epochs):
    changed = recipe.with_epochs(epochs)
    assert changed.schedule.epochs == changed.head.epochs == epochs
    assert all(stage.epochs > 0 for stage in changed.schedule.stages)


def test_stages_keep_their_shares():
    recipe = replace(recipes.load("conv3d-ucf"), schedule=Schedule(stages=(Stage(160, 6, 1.0), Stage(224, 2, 0.5))))
    changed = recipe.with_epochs(4)
    assert [(stage.side, stage.epochs, stage.rate) for stage in changed.schedule.stages] == [
        (160, 3, 1.0),
        (224, 1, 0.5),
    ]


def test_the_batch_size_is_changed_wherever_there_is_one(recipe):
    changed = recipe.with_batch_size(5)
    assert changed.schedule.batch_size == changed.head.batch_size == 5


def test_an_unknown_recipe_is_refused():
    with pytest.raises(OptionError, match=r"must be one of frame-cnn-sports, .*Received: resnet"):
        recipes.load("resnet")
