"""What programs and agents can ask of the page: four endpoints that return JSON and plain files.

They show in the page's API view, and as MCP tools where the page was started with `--mcp`. Each does all of its work
in one call and keeps nothing; the page's own events, which keep a visitor's result, are not among them.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import gradio as gr
from gradio.events import api
from gradio.utils import get_upload_folder

from vidclass import charts, export
from vidclass.bundle import FAMILY_TITLES
from vidclass.errors import VideoError
from vidclass.page import comparing
from vidclass.page.guard import guarded, guarded_steps
from vidclass.page.jobs import data_files
from vidclass.page.settings import Settings
from vidclass.page.shelf import Shelf
from vidclass.page.wiring import heavy
from vidclass.page.work import analysing, check_clip, rendering
from vidclass.smoothing import DEFAULT_QUEUE, check_queue_size

T = TypeVar("T")
Json = dict[str, Any]
File = gr.FileData


def build(shelf: Shelf, settings: Settings) -> None:
    """Adds the endpoints, inside a `gr.Blocks`."""
    model_names: Any = Literal[shelf.names]
    first = shelf.names[0]

    def classify(clip: Any, model: str = first, queue_size: int = DEFAULT_QUEUE) -> Iterator[Any]:
        """Says what a video clip shows, and how steadily.

        Args:
            clip: The video, of any common format.
            model: Name of the model, as /models lists it.
            queue_size: K: how many frames' predictions are averaged, 1 to 256. 1 does not smooth.

        Returns:
            The result as JSON (label, sure, confidence, top 5, switches of the label raw and smoothed, timing), and
            as files: one line a frame as CSV, captions as WebVTT, and the chart of the probabilities as SVG.
        """
        path = uploaded(clip, settings)
        check_queue_size(queue_size)
        (analysis,) = finish(analysing(path, [shelf.get(model)], settings))
        with TemporaryDirectory(prefix="vidclass-") as folder:
            csv, _, vtt = data_files(analysis, queue_size, Path(folder))
            chart = Path(folder, f"{Path(analysis.clip).stem}-{queue_size}.svg")
            export.to_svg(analysis, queue_size, chart)
            yield export.to_json(analysis, queue_size), sent(csv), sent(vtt), sent(chart)

    def render(clip: Any, model: str = first, queue_size: int = DEFAULT_QUEUE) -> Iterator[Any]:
        """Makes the annotated videos of a clip: label, confidence and the top classes on every frame.

        Args:
            clip: The video, of any common format.
            model: Name of the model, as /models lists it.
            queue_size: K: how many frames' predictions are averaged in the smoothed video, 1 to 256.

        Returns:
            The result as JSON, and two MP4 files: smoothed, and unsmoothed, where each frame is judged alone.
        """
        path = uploaded(clip, settings)
        check_queue_size(queue_size)
        (analysis,) = finish(analysing(path, [shelf.get(model)], settings))
        with TemporaryDirectory(prefix="vidclass-") as folder:
            raw, smoothed = finish(rendering(path, analysis, (1, queue_size), Path(folder), settings))
            yield export.to_json(analysis, queue_size), sent(smoothed), sent(raw)

    def compare(clip: Any, models: list[str], queue_size: int = DEFAULT_QUEUE) -> Iterator[Any]:
        """Classifies one clip with several models; it is decoded once for all of them.

        Args:
            clip: The video, of any common format.
            models: Names of the models, as /models lists them.
            queue_size: K: how many frames' predictions are averaged, 1 to 256.

        Returns:
            A list of results as JSON, one a model, in order, and their charts on one time axis as SVG.
        """
        path = uploaded(clip, settings)
        check_queue_size(queue_size)
        analyses = finish(comparing.compare(str(path), [shelf.get(name) for name in models], settings))
        with TemporaryDirectory(prefix="vidclass-") as folder:
            chart = Path(folder, f"{path.stem}-compared.svg")
            chart.write_text(charts.comparison(analyses, queue_size), encoding="utf-8")
            yield [export.to_json(each, queue_size) for each in analyses], sent(chart)

    def models() -> list[Json]:
        """Lists the models: name, family, version, where the weights came from, labels, and what was measured.

        Returns:
            A list of JSON objects, one a model.
        """
        return [
            {
                "name": each.bundle.name,
                "family": each.bundle.family,
                "title": FAMILY_TITLES[each.bundle.family],
                "version": each.bundle.version,
                "source": each.source,
                "labels": list(each.bundle.labels),
                "threshold": each.bundle.threshold,
                "metrics": each.bundle.metrics,
            }
            for each in shelf.classifiers
        ]

    def offer(function: Callable[..., Any], name: str, returns: Any, **parameters: Any) -> None:
        # The types that Gradio shows: files where Python sees the JSON of a file, names where it sees any text.
        function.__annotations__.update(parameters, **{"return": returns})
        api(guarded_steps(function), api_name=name, **heavy(settings))

    offer(classify, "classify", tuple[Json, File, File, File], clip=File, model=model_names)
    offer(render, "render", tuple[Json, File, File], clip=File, model=model_names)
    offer(compare, "compare", tuple[list[Json], File], clip=File, models=list[model_names])
    api(guarded(models), api_name="models", queue=False)


def uploaded(clip: Any, settings: Settings) -> Path:
    """The path of a clip that was handed in.

    Gradio checks paths of what is marked as a file; what is not marked could name any file of this machine.

    Raises:
        VideoError: It is no upload, or it is beyond the limits.
    """
    path = Path(str(clip.get("path") or "")).resolve() if isinstance(clip, dict) else Path()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise VideoError("The clip must be a file that was uploaded. It is not. Upload it, or give its web address.")
    return check_clip(path, settings)


def sent(path: Path) -> Json:
    """A file as an answer; Gradio copies it to where it can be fetched."""
    answer: Json = gr.FileData(path=str(path), orig_name=path.name).model_dump()
    return answer


def finish(work: Generator[Any, None, T]) -> T:
    """Runs a job to its end and returns its result."""
    with closing(work):
        while True:
            try:
                next(work)
            except StopIteration as end:
                result: T = end.value
                return result
