"""Do two ways to the same answer agree on real pictures?

    python -m tests.agreement MODEL FILE [FILE ...] --frames 1000

compares the runtimes on frames of the clips among the files, and the photo path with the video path on the photos.

For `frame-cnn-sports`, on 1,000 frames of UCF101's training clips of its sports, OpenVINO in f32 and TensorFlow give
the same label to every frame, and no probability differs by more than 0.0005.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

import vidclass
from train.pictures import decode_photo
from vidclass import video
from vidclass.classify import Classifier, Sighting
from vidclass.errors import VideoError
from vidclass.preprocess import Image

EVERY = 5
"""Of a clip's frames, every fifth is compared: neighbours are too alike to say more."""


@dataclass(frozen=True)
class Agreement:
    """How alike two sets of rows are."""

    frames: int
    flips: int
    """Frames whose top class differs."""
    largest: float
    """Largest difference of a probability."""

    @property
    def share(self) -> float:
        """Share of frames with the same top class."""
        return 1 - self.flips / self.frames


def compare(one: np.ndarray, other: np.ndarray) -> Agreement:
    """Two sets of rows `(N, C)` of the same pictures."""
    flips = int(np.count_nonzero(one.argmax(axis=1) != other.argmax(axis=1)))
    return Agreement(len(one), flips, float(np.abs(one - other).max()))


def on_clips(one: Classifier, other: Classifier, clips: Iterable[Path], frames: int) -> Agreement:
    """Compares two classifiers on about `frames` frames, of as many clips as that takes."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for clip in clips:
        if sum(len(rows) for rows, _ in found) >= frames:
            break
        try:
            pair = vidclass.pipeline.run(vidclass.analysing(clip, [one, other], EVERY))
        except VideoError:
            continue
        found.append((pair[0].rows[::EVERY], pair[1].rows[::EVERY]))
    return compare(*(np.concatenate(rows)[:frames] for rows in zip(*found, strict=True)))


def photo_against_video(classifier: Classifier, photos: Sequence[Path], number: int) -> Agreement:
    """Compares the photo path (OpenCV's scaler) with the video path (the decoder's scaler) on the same pictures."""
    pictures = list(islice(filter(lambda image: image is not None, map(decode_photo, photos)), number))
    by_photo = classifier.rows(_sightings(map(classifier.bundle.preprocess, pictures)))
    by_video = classifier.rows(_sightings(_through_video(classifier, pictures)))
    return compare(np.stack(list(by_photo)), np.stack(list(by_video)))


def _sightings(images: Iterable[Image]) -> Iterator[Sighting]:
    for number, image in enumerate(images):
        yield Sighting(float(number), partial(lambda made: made, image))


def _through_video(classifier: Classifier, pictures: Iterable[Image]) -> Iterator[Image]:
    """Each picture as a lossless clip of one frame of its own size, read as serving reads clips."""
    preprocess = classifier.bundle.preprocess
    with TemporaryDirectory() as folder:
        path = Path(folder, "picture.mkv")
        for picture in pictures:
            _write(path, picture)
            with video.read(path) as frames:
                frame = next(frames)
                yield preprocess.crop(frame.rgb(preprocess.scaled_size(frame.width, frame.height)))


def _write(path: Path, picture: Image) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=1)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "bgr0"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode(None))


def main() -> None:
    """Prints what the files say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=1000)
    chosen = parser.parse_args()
    clips = [path for path in chosen.files if path.suffix.lower() in video.SUFFIXES]
    photos = [path for path in chosen.files if path not in set(clips)]
    exact = vidclass.load(chosen.model, runtime="openvino", precision="f32")
    if clips:
        keras = vidclass.load(chosen.model, runtime="tensorflow")
        print("OpenVINO f32 against TensorFlow:", on_clips(exact, keras, clips, chosen.frames))
        rough = vidclass.load(chosen.model, runtime="openvino", precision="bf16")
        print("OpenVINO bf16 against f32:", on_clips(rough, exact, clips, chosen.frames))
    if photos:
        print("photo path against video path:", photo_against_video(exact, photos, chosen.frames))


if __name__ == "__main__":
    main()
