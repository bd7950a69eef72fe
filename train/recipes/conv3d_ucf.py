"""The 3D CNN of 26 classes of UCF101: a (2+1)D MobileNetV2 that starts from the frame CNN's convolutions.

    python -m train conv3d --recipe conv3d-ucf --data UCF101/index.csv --weights models/frame-cnn-ucf

Twenty-five minutes on two cores of a server processor (AVX-512). Top-1 0.857 on the 308 test clips, 0.858 on the 113 of
the validation part, by which the fourth of the five epochs was kept. The order of the frames is worth nothing to it:
shuffled over a clip they score 0.876 and in order 0.841, no further apart than by chance. A further stage of the
temporal kernels and the softmax alone at 6e-4 was tried, and stopped after an epoch that left 0.761 on the validation
part.
"""

from train.augment import Strength
from train.conv3d import Clips
from train.fit import Schedule, Stage
from train.recipe import Recipe
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="conv3d-ucf",
    family="conv3d",
    version="1.0.0",
    architecture={"kernel": 3, "dropout": 0.5},
    preprocess=Preprocess(160, "squash"),
    window=Window(length=8, sample_fps=5.0, hop=3),
    schedule=Schedule(
        stages=(Stage(160, 4, 6e-5), Stage(160, 1, 1e-5, gentle=True)),
        batch_size=8,
        warmup_steps=60,
        label_smoothing=0.1,
        strength=Strength(area=(0.4, 1.0), blur=0.1, low_resolution=0.1, compression=0.15),
    ),
    clips=Clips(per_clip=1),
    weights="models/frame-cnn-ucf",
)
