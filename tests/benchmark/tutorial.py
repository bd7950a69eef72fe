"""The loop that the tutorials teach, with a bundle's own network: what this program is measured against.

Source: PyImageSearch, "Video classification with Keras and Deep Learning", 2019, `predict_video.py`.
"""

from collections import deque
from pathlib import Path

import cv2
import numpy as np

from vidclass import bundle, runtime

QUEUE = 128
"""The tutorial's own default."""


def prepare(clip: Path, model: Path, target: Path):
    """The loop, ready to run: the network is rebuilt from the bundle and has its weights."""
    import keras

    described = bundle.load(model)
    built = runtime.build_keras(described)
    network = keras.Model(built.embed.input, built.head(built.embed.output))
    size = described.preprocess.size
    network.predict(np.zeros((1, size, size, 3), np.float32), verbose=0)  # traces the graph
    return lambda: loop(clip, network, described.labels, size, target)


def loop(clip: Path, network, labels, size: int, target: Path) -> int:
    """Decode, predict, average, draw, write, frame by frame; returns how many there were."""
    stream = cv2.VideoCapture(str(clip))
    queue, writer, frames = deque(maxlen=QUEUE), None, 0
    while True:
        grabbed, frame = stream.read()
        if not grabbed:
            break
        output = frame.copy()
        frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        frame = cv2.resize(frame, (size, size)).astype("float32")
        queue.append(network.predict(np.expand_dims(frame, axis=0), verbose=0)[0])
        results = np.array(queue).mean(axis=0)
        text = f"activity: {labels[np.argmax(results)]}"
        cv2.putText(output, text, (35, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.25, (0, 255, 0), 5)
        if writer is None:
            height, width = output.shape[:2]
            writer = cv2.VideoWriter(str(target), cv2.VideoWriter_fourcc(*"MJPG"), 30, (width, height), True)
        writer.write(output)
        frames += 1
    writer.release()
    stream.release()
    return frames
