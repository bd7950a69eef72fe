"""The frame CNN of 26 classes of UCF101, on frames of clips.

    python -m train frame-cnn --recipe frame-cnn-ucf --data UCF101/index.csv --weights MOBILENET_V2.h5

Half an hour on two cores of a server processor (AVX-512). Top-1 0.867 on the 308 test clips, 0.885 on the 113 of the
validation part at eight frames a clip. The same schedule at 1e-4, seven epochs long, gave 0.825 and 0.867; a logistic
regression on the mean of the delivered network's features gives 0.847. Of the blends with the delivered weights none
was better than the trained weights. With a centre crop in place of the squash, in training too, and eight epochs:
0.876 on the validation part.
"""

from train.augment import Strength
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from train.recipe import Recipe
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="frame-cnn-ucf",
    family="frame-cnn",
    version="1.0.0",
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
