"""The baseline that `conv3d-ucf` has to beat: a small 3D CNN from scratch on the first ten frames of each clip.

    python -m train conv3d --recipe conv3d-tutorial --data UCF101/index.csv --labels A B C D E

At 64 pixels and 20 epochs, six minutes on two cores: the tutorial's own size would take hours here. On ApplyEyeMakeup,
ApplyLipstick, Archery, BabyCrawling and YoYo it reaches 0.386 by source video (70 clips) and 0.565 with
`--splitter random` (85 clips).
"""

from train.augment import Strength
from train.conv3d import Clips
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from train.recipe import Recipe
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="conv3d-tutorial",
    family="conv3d",
    architecture={"filters": [32, 64, 128], "dense": 1024, "dropout": 0.5, "grey": False},
    preprocess=Preprocess(64, "squash"),
    window=Window(length=10, sample_fps=25.0, hop=10),
    schedule=Schedule(
        stages=(Stage(64, 20, 1e-3, batch_norm=True),),
        batch_size=16,
        label_smoothing=0.0,
        head_epochs=0,
        strength=Strength(
            area=(1.0, 1.0),
            aspect=1.0,
            zoom_out=0,
            rotation=0,
            shear=0,
            blur=0,
            low_resolution=0,
            compression=0,
            colour=0,
        ),
    ),
    clips=Clips(spec=PictureSpec(short_side=64, sample_fps=25.0, seconds=0.38), steps=(1,)),
)
