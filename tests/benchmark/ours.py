"""This program, as its front ends use it: both passes over a clip, with the model loaded."""

from pathlib import Path
from unittest.mock import patch

import numpy as np

import vidclass
from vidclass import pipeline, video
from vidclass.pipeline import Output, rendering

QUEUE = 128
SAMPLE = 10
"""Every so many frames one is compared for the picture's quality."""


def prepare(clip: Path, model: Path, target: Path, outputs: int = 1, max_width: int | None = None):
    """Analyse and render, ready to run.

    Args:
        clip: The clip.
        model: The bundle's folder.
        target: The annotated video.
        outputs: 1 for the smoothed video, 2 for the unsmoothed one too.
        max_width: As in `vidclass.render`.
    """
    classifier = vidclass.load(model)
    wanted = [Output(target, QUEUE), Output(target.with_stem("unsmoothed"), 1)][:outputs]

    def both() -> int:
        analysis = vidclass.analyse(clip, classifier)
        pipeline.run(rendering(clip, analysis, wanted, max_width))
        return len(analysis.times)

    return both


def luma_psnr(clip: Path, model: Path, target: Path, max_width: int | None = None) -> list[float]:
    """How like the written video is to the frames as they were drawn: luma PSNR of some frames, in dB."""
    drawn = {}
    write = video.Writer.write

    def keep(writer, planes, *rest):
        if writer.frames % SAMPLE == 0:
            drawn[writer.frames] = planes.y.copy()
        write(writer, planes, *rest)

    with patch.object(video.Writer, "write", keep):
        prepare(clip, model, target, 1, max_width)()
    found = []
    with video.read(target) as frames:
        for frame in frames:
            if frame.index in drawn:
                error = np.mean((frame.yuv().y.astype(np.float32) - drawn[frame.index]) ** 2)
                found.append(float(10 * np.log10(255**2 / max(error, 1e-9))))
    return found
