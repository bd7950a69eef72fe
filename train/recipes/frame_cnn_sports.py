"""The frame CNN of 22 sports, on photos and on frames of clips.

    python -m train frame-cnn --recipe frame-cnn-sports --data SPORTS UCF101/index.csv --weights MOBILENET_V2.h5 \\
        --rename Basketball=basketball BasketballDunk=basketball BaseballPitch=baseball CricketBowling=cricket \\
        Punch=boxing BalanceBeam=gymnastics --sources sports-photos ucf101 mobilenet-v2

SPORTS is a folder of photos with one sub-folder a class, UCF101/index.csv a list of clips of which those of the
renamed classes that its `split` column marks `train` are used.

A little over an hour on two cores of a server processor (AVX-512), by the time of its steps: 15 epochs of 8,800 photos
and 2,200 frames, the last of them cut short. Top-1 0.906 on the 3,266 photos of the test part, 0.893 on the 1,006 items
of the validation part; 0.885 on the 78 UCF101 test clips of the renamed classes. With `--labels football tennis
weight_lifting` 0.979 on 474 photos, where the tutorial reached 0.94. One seed.
"""

from train.fit import Schedule, Stage
from train.recipe import Recipe
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="frame-cnn-sports",
    family="frame-cnn",
    architecture={"backbone": "MobileNetV2", "units": 512, "dropout": 0.5},
    preprocess=Preprocess(224, "squash"),
    schedule=Schedule(
        stages=(
            Stage(160, 8, 1.2e-4),
            Stage(224, 4, 6e-5),
            Stage(224, 2, 5e-5, gentle=True),
            Stage(224, 1, 4e-5, batch_norm=True, steps=250, averaged=True),
        ),
        mixup=0.25,
        per_clip=10,
    ),
    weights="imagenet",
)
