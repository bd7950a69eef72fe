"""Video classification with prediction averaging.

    import vidclass

    classifier = vidclass.load("frame-cnn-sports")
    analysis = vidclass.analyse("clip.mp4", classifier)
    print(analysis.summary(queue_size=128).verdict)
    vidclass.render("clip.mp4", analysis, "annotated.mp4", queue_size=128)

Everything that can go wrong for a user is a `VidclassError`, whose text is a sentence for them.
"""

from pathlib import Path

from vidclass import bundle, zoo
from vidclass import runtime as runtimes
from vidclass.analysis import Analysis, Summary
from vidclass.classify import Classifier
from vidclass.errors import BundleError, DataError, HubError, OptionError, VidclassError, VideoError
from vidclass.pipeline import Output, Progress, analyse, analysing, render, rendering
from vidclass.video import VideoInfo, probe

__version__ = "0.1.0"


def load(
    name: str | Path,
    *,
    revision: str | None = None,
    runtime: runtimes.Runtime | None = None,
    precision: runtimes.Precision | None = None,
    threads: int | None = None,
) -> Classifier:
    """A model, ready to classify.

    Args:
        name: A model's name, the path of a model's folder, or `user/repo` or `user/repo@revision` on the Hugging Face
            Hub.
        revision: Branch, tag or commit of `user/repo`; defaults to its main branch.
        runtime: `openvino`, `tensorflow`, or None for OpenVINO where it is installed and TensorFlow elsewhere.
        precision: Of OpenVINO's arithmetic: `f32`, the faster and a little rougher `bf16`, or None for bf16 where the
            processor computes in it and f32 elsewhere.
        threads: Cores that OpenVINO may use. Defaults to None, all of them.

    Raises:
        OptionError: The model or the runtime is unknown, or the processor does not compute in bf16.
        BundleError: The model's folder is damaged.
        HubError: The Hub cannot give the repo.
    """
    found = zoo.resolve(name, revision)
    checked = bundle.load(found.folder)
    return Classifier(checked, runtimes.load(checked, runtime, precision, threads), found.source, found.notice)


__all__ = [
    "Analysis",
    "BundleError",
    "Classifier",
    "DataError",
    "HubError",
    "OptionError",
    "Output",
    "Progress",
    "Summary",
    "VidclassError",
    "VideoError",
    "VideoInfo",
    "analyse",
    "analysing",
    "load",
    "probe",
    "render",
    "rendering",
]
