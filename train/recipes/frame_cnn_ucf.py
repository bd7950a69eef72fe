"""The frame CNN of 26 classes of UCF101, on frames of clips.

python -m train frame-cnn --recipe frame-cnn-ucf --data UCF101/index.csv --weights MOBILENET_V2.h5
"""

from train.augment import Strength
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from train.recipe import Recipe
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="frame-cnn-ucf",
    family="frame-cnn",
    version="0.1.0",
    architecture={"backbone": "MobileNetV2", "units": 512, "dropout": 0.5},
    preprocess=Preprocess(224, "squash"),
    schedule=Schedule(
        stages=(Stage(160, 5, 6e-5), Stage(224, 4, 4e-5), Stage(224, 1, 1e-5, gentle=True)),
        mixup=0.25,
        per_clip=8,
        strength=Strength(blur=0.1, low_resolution=0.1, compression=0.15),
        blends=(0.3, 0.5, 0.7, 0.85, 1.0),
    ),
    pictures=PictureSpec(short_side=200, sample_fps=10.0),
    weights="imagenet",
)
