"""The CNN-GRU of 26 classes of UCF101, in two streams: frames and their flow, each through a CNN trained here.

    python -m train cnn-gru --recipe cnn-gru-ucf --data UCF101/index.csv --weights models/frame-cnn-ucf \\
        --flow-weights MOBILENET_0.75.h5

Forty minutes on two cores of a server processor (AVX-512): twenty-two for the flow's CNN, ten for the features, one for
the head. Top-1 0.899 (277 of 308) on the test clips, measured once; every choice was made on the 113 clips of the
validation part: 0.885 there, and 0.876, 0.876 and 0.894 with three further seeds of the head.

On the validation part, top-1 and the log loss at its best temperature: the flow's CNN alone 0.673; a head on frames
alone 0.885 and 0.49; on both streams 0.876 and 0.48, as the frames' features of the training clips leave it nothing to
learn from flow; with half of its windows blind to frames 0.37 to 0.43 over the four seeds, with seven tenths 0.885 and
0.38, and 0.885 and 0.44 with another seed. What led here: on a third of the 1,008 clips of both parts, left out by
group, the delivered network's features were right on 0.857, a flow CNN of fifteen epochs on 0.595, and their means on
0.884 to 0.893. Differences of pixels instead of flow gained nothing.

With frames alone, version 1, eight heads were measured on the test part: 0.805 to 0.880. Tried there, with no code
kept: weights averaged over epochs or over three frame CNNs, the mean change of features, training from end to end.
One standard error of such a figure is 0.018.
"""

from train.augment import Strength
from train.cnn_gru import Head
from train.fit import Schedule, Stage
from train.recipe import Recipe
from vidclass.bundle import Window
from vidclass.preprocess import Preprocess

RECIPE = Recipe(
    name="cnn-gru-ucf",
    family="cnn-gru",
    version="2.0.0",
    architecture={"backbone": "MobileNetV2", "flows": 3, "units": [64], "dropout": 0.5, "pooled": True},
    preprocess=Preprocess(224, "center_crop"),
    window=Window(length=20, sample_fps=5.0, hop=1),
    head=Head(
        views=3,
        strength=Strength(area=(0.4, 1.0), blur=0.1, low_resolution=0.1, compression=0.15),
        epochs=10,
        noise=0.6,
        blind=0.5,
    ),
    schedule=Schedule(
        stages=(Stage(112, 40, 1e-3, batch_norm=True),),
        weight_decay=1e-3,
        per_clip=4,
        strength=Strength(area=(0.35, 1.0), blur=0.1, low_resolution=0.1, compression=0.15),
    ),
    weights="models/frame-cnn-ucf",
    flow_weights="imagenet",
)
