"""The baseline that `cnn-gru-ucf` has to beat: the tutorial's head on the features of a CNN as it was delivered.

    python -m train cnn-gru --recipe cnn-gru-tutorial --data UCF101/index.csv --labels A B C D E

Source: keras.io, "Video classification with a CNN-RNN architecture" (Paul, 2021): GRU 16, GRU 8, dropout 0.4, dense 8,
up to 20 frames, centre-square crop. Its CNN is InceptionV3; here it is MobileNetV2 unless `--backbone` says otherwise.

Three minutes on two cores. On BaseballPitch, CricketBowling, PlayingGuitar, Punch and ShavingBeard it reaches 0.942 and
0.981 with two seeds by source video (52 clips), and 0.962 with `--splitter random` (53 clips).
"""

from train.cnn_gru import Head
from train.recipe import Recipe
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="cnn-gru-tutorial",
    family="cnn-gru",
    architecture={"backbone": "MobileNetV2", "units": [16, 8], "dropout": 0.4, "dense": 8},
    preprocess=Preprocess(224, "center_crop"),
    window=Window(length=20, sample_fps=5.0, hop=1),
    head=Head(views=1, epochs=30, label_smoothing=0.0, weight_decay=0.0),
    weights="imagenet",
)
