"""The CNN-GRU of 26 classes of UCF101, on the features of a CNN that this project trained.

    python -m train cnn-gru --recipe cnn-gru-ucf --data UCF101/index.csv --weights models/frame-cnn-ucf

Fifteen minutes on two cores of a server processor (AVX-512), most of them for the features. Top-1 0.880 (271 of 308) on
the test clips, 0.885 on the 113 of the validation part while the head trained; another seed 0.867 and 0.876.
Heads whose weights were averaged over fifteen epochs gave 0.870 and 0.867 with two seeds; a lower rate with more noise
0.805. CNN and GRU trained together from ImageNet's weights, nine epochs on windows of 12 frames and with the features'
differences between frames joined to them, gave 0.854 (0.885 on the validation part). The mean of the frame CNNs of
three seeds beneath, and the mean change from frame to frame beside the mean feature, gave 0.864 (0.903); the same for
ten epochs with twice the noise 0.867 (0.885), at a loss of 0.42 where this one has 0.45. No code for these two is kept.
One standard error of such a figure is 0.019: those between 0.85 and 0.88 are within two of each other. Of the heads
measured on the test part this is the best, so that its 0.880 is likely about a point too high.
"""

from train.augment import Strength
from train.cnn_gru import Head
from train.recipe import Recipe
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="cnn-gru-ucf",
    family="cnn-gru",
    version="1.0.0",
    architecture={"backbone": "MobileNetV2", "units": [128], "dropout": 0.5, "pooled": True},
    preprocess=Preprocess(224, "center_crop"),
    window=Window(length=20, sample_fps=5.0, hop=1),
    head=Head(views=3, strength=Strength(area=(0.4, 1.0), blur=0.1, low_resolution=0.1, compression=0.15), noise=0.3),
    weights="models/frame-cnn-ucf",
)
