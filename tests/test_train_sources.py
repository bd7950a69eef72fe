"""Which files a command works on."""

import argparse
import csv

import pytest

from train import sources
from vidclass.errors import DataError, OptionError


@pytest.fixture
def parse():
    parser = argparse.ArgumentParser()
    sources.add_arguments(parser)
    parser.add_argument("--split")
    return lambda *words: parser.parse_args([str(word) for word in words])


@pytest.fixture
def write(tmp_path):
    def run(name, *rows, columns="file,class,split"):
        path = tmp_path / name
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows([columns.split(","), *rows])
        return path

    return run


def told(items):
    return [(item.path.name, item.label, item.split) for item in items]


def test_train_and_test_lists_give_the_parts(parse, write):
    train = write("train.csv", ["1.avi", "a"], ["2.avi", "b"], columns="video_name,tag")
    test = write("test.csv", ["3.avi", "a"], ["4.avi", "b"], columns="video_name,tag")
    items, labels = sources.to_train(parse("--train-list", train, "--test-list", test))
    assert labels == ("a", "b")
    assert told(items) == [
        ("1.avi", "a", "train"),
        ("2.avi", "b", "train"),
        ("3.avi", "a", "test"),
        ("4.avi", "b", "test"),
    ]


def test_a_test_list_with_an_unknown_tag_is_refused(parse, write):
    train = write("train.csv", ["1.avi", "a"], ["2.avi", "b"])
    test = write("test.csv", ["3.avi", "a"], ["4.avi", "swimming"])
    lists = ["--train-list", train, "--test-list", test]
    with pytest.raises(DataError, match=r"must be trained\. Not trained: swimming"):
        sources.to_train(parse(*lists))
    assert len(sources.to_train(parse(*lists, "--labels", "a", "b"))[0]) == 3
    assert len(sources.to_train(parse(*lists, "--rename", "swimming=b"))[0]) == 4


def test_further_sources_add_to_training_and_never_to_the_test(parse, write):
    first = write("a.csv", ["1.jpg", "a", "train"], ["2.jpg", "a", "test"], ["3.jpg", "b", ""])
    second = write("b.csv", ["4.mp4", "A", "train"], ["5.mp4", "A", "test"], ["6.mp4", "z", "train"])
    items, labels = sources.to_train(parse("--data", first, second, "--rename", "A=a"))
    assert labels == ("a", "b")
    assert told(items) == [("1.jpg", "a", "train"), ("2.jpg", "a", "test"), ("3.jpg", "b", ""), ("4.mp4", "a", "train")]


def test_chosen_labels_are_kept_in_their_order(parse, write, capsys):
    path = write("a.csv", *[[f"{n}.jpg", label, ""] for n, label in enumerate("abcabc")])
    items, labels = sources.to_train(parse("--data", path, "--labels", "c", "a"))
    assert labels == ("c", "a")
    assert {item.label for item in items} == {"a", "c"}
    assert "4 of 6 files have one of the 2 labels" in capsys.readouterr().out


def test_measuring_takes_the_models_labels_from_every_source(parse, write):
    first = write("a.csv", ["1.jpg", "a", "train"], ["2.jpg", "a", "test"], ["3.jpg", "x", "test"])
    second = write("b.csv", ["4.jpg", "B", "test"])
    words = ["--data", first, second, "--rename", "B=b"]
    assert told(sources.to_measure(parse(*words, "--split", "test"), ("a", "b"))) == [
        ("2.jpg", "a", "test"),
        ("4.jpg", "b", "test"),
    ]
    assert len(sources.to_measure(parse(*words), ("a", "b"))) == 3
    assert len(sources.to_measure(parse(*words, "--labels", "b"), ("a", "b"))) == 1


def test_a_part_without_items_is_refused(parse, write):
    path = write("a.csv", ["1.jpg", "a", "train"])
    with pytest.raises(DataError, match="in the part test"):
        sources.to_measure(parse("--data", path, "--split", "test"), ("a",))
    with pytest.raises(DataError, match="Found none"):
        sources.to_measure(parse("--data", path), ("b",))


@pytest.mark.parametrize("take", [sources.to_train, lambda arguments: sources.to_measure(arguments, ("a",))])
def test_data_must_be_named_and_renamings_be_pairs(parse, write, take):
    with pytest.raises(OptionError, match="must be named"):
        take(parse())
    path = write("a.csv", ["1.jpg", "a", "train"])
    for pair in ("a", "a=", "=b"):
        with pytest.raises(OptionError, match="OLD=NEW"):
            take(parse("--data", path, "--rename", pair))


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many"])
def test_numbers_must_be_positive(text):
    with pytest.raises(argparse.ArgumentTypeError, match="at least 1"):
        sources.positive(text)
    assert sources.positive("3") == 3
