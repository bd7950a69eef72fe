"""The CNN-GRU of 26 classes of UCF101, on the features of a CNN that this project trained.

python -m train cnn-gru --recipe cnn-gru-ucf --data UCF101/index.csv --weights models/frame-cnn-ucf
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
