"""Models compared on the same clips: the difference, its interval, and how likely chance explains it."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from train import compare
from train.data import Item
from train.evaluate import Prediction, Predictions
from vidclass.errors import DataError

LABELS = ("a", "b")


def predictions(hits, labels=LABELS, per_group=1, skip=()):
    """What a model says that is right where `hits` says so; the truth is always the first label."""
    found = [
        Prediction(
            Item(Path(f"{n}.mp4"), labels[0], f"g{n // per_group}"),
            np.array([[0.9, 0.1] if hit else [0.1, 0.9]], np.float32),
            1.0,
        )
        for n, hit in enumerate(hits)
        if n not in skip
    ]
    return Predictions(labels, found)


def test_an_item_is_right_where_the_top_of_its_mean_row_is():
    assert compare.right(predictions([1, 0, 1])).tolist() == [True, False, True]


def test_the_difference_of_two_models_on_the_same_items():
    (found,) = compare.pairs({"one": predictions([1, 1, 1, 0]), "two": predictions([1, 0, 0, 1])})
    assert (found.first, found.second, found.count) == ("one", "two", 4)
    assert found.difference == 0.25
    assert (found.only_first, found.only_second) == (2, 1)
    assert found.p_value == 1.0


def test_every_pair_is_compared_once():
    found = compare.pairs({name: predictions([1, 0]) for name in "abc"})
    assert [(pair.first, pair.second) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_items_that_one_model_could_not_read_do_not_count():
    (found,) = compare.pairs({"one": predictions([1, 1, 1, 0], skip=(0,)), "two": predictions([1, 0, 0, 1], skip=(3,))})
    assert found.count == 2
    assert found.difference == 1.0


def test_labels_in_another_order_are_the_same_labels():
    other = predictions([1, 1, 0])
    swapped = Predictions(
        LABELS[::-1], [Prediction(each.item, each.rows[:, ::-1], each.duration) for each in other.found]
    )
    (found,) = compare.pairs({"one": other, "two": swapped})
    assert (found.only_first, found.only_second) == (0, 0)


def test_models_of_other_labels_or_other_clips_are_refused():
    with pytest.raises(DataError, match=r"know the same labels\. one, two do not"):
        compare.pairs({"one": predictions([1]), "two": predictions([1], ("a", "c"))})
    with pytest.raises(DataError, match="share none"):
        compare.pairs({"one": predictions([1, 1], skip=(0,)), "two": predictions([1, 1], skip=(1,))})


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 0), (5, 5), (2, 9), (30, 12)])
def test_mcnemar_is_the_exact_binomial_test(one, other):
    expected = binomtest(one, one + other).pvalue if one + other else 1.0
    assert compare.mcnemar(one, other) == pytest.approx(expected)


def test_the_interval_is_that_of_the_normal_approximation_where_items_are_many():
    values = np.random.default_rng(0).choice([-1.0, 0, 0, 0, 1, 1], 400)
    low, high = compare.interval(values, [str(n) for n in range(400)])
    reach = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - reach, abs=0.01)
    assert high == pytest.approx(values.mean() + reach, abs=0.01)


def test_clips_of_one_source_count_less_than_clips_of_many():
    values = np.repeat(np.random.default_rng(0).choice([0.0, 1.0], 60), 4)
    alone = compare.interval(values, [str(n) for n in range(240)])
    together = compare.interval(values, [str(n // 4) for n in range(240)])
    assert together[1] - together[0] == pytest.approx(2 * (alone[1] - alone[0]), rel=0.15)


def test_an_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(60):
        low, high = compare.interval(random.choice([-1.0, 0, 1], 80, p=[0.1, 0.7, 0.2]), [str(n) for n in range(80)])
        covered += low <= 0.1 <= high
    assert covered >= 52


def test_equal_models_differ_by_nothing():
    (found,) = compare.pairs({"one": predictions([1, 0, 1]), "two": predictions([1, 0, 1])})
    assert (found.difference, found.interval, found.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_the_table_has_a_line_for_each_pair():
    found = compare.pairs({"one": predictions([1] * 9 + [0]), "two": predictions([1] * 6 + [0] * 4)})
    lines = compare.markdown(found).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("| one − two | +30.0 | ")
    assert lines[2].endswith(" | 3 | 0 | 0.25 |")
    assert {line.count("|") for line in lines} == {7}
