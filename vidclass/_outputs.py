"""The files that a clip's result goes to, checked before the work begins."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from time import perf_counter

from vidclass import export
from vidclass._bar import Bar
from vidclass.analysis import Analysis
from vidclass.errors import OptionError
from vidclass.files import check_writable, replacing
from vidclass.pipeline import Output, rendering, run, with_timing


@dataclass(frozen=True)
class Outputs:
    """Where the results of one clip shall be; None where one is not wanted."""

    video: Path | None = None
    """MP4 with the smoothed label."""
    unsmoothed: Path | None = None
    """MP4 with the model's own label of every frame."""
    json: Path | None = None
    csv: Path | None = None
    vtt: Path | None = None

    def wanted(self) -> dict[str, Path]:
        """The kinds that are wanted, with their paths."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {kind: path for kind, path in found.items() if path is not None}

    def write(self, clip: Path, analysis: Analysis, queue_size: int, max_width: int | None, bar: Bar) -> Analysis:
        """Renders and writes all that is wanted.

        Returns:
            The analysis, with the time that rendering took and what was wrong with the clip's sound.
        """
        videos = [(self.video, queue_size), (self.unsmoothed, 1)]
        jobs = [Output(path, size) for path, size in videos if path is not None]
        if jobs:
            begun = perf_counter()
            notes = run(rendering(clip, analysis, jobs, max_width), bar)
            analysis = with_timing(analysis, render=perf_counter() - begun)
            analysis = replace(analysis, notes=tuple(dict.fromkeys(analysis.notes + notes)))
        if self.csv:
            export.to_csv(analysis, queue_size, self.csv)
        if self.vtt:
            export.to_vtt(analysis, queue_size, self.vtt)
        if self.json:
            with replacing(self.json) as partial:
                partial.write_text(json.dumps(export.to_json(analysis, queue_size), indent=2) + "\n", encoding="utf-8")
        return analysis


ENDINGS = {"video": ".mp4", "unsmoothed": ".mp4", "json": ".json", "csv": ".csv", "vtt": ".vtt"}
"""Of the files in folders, by kind."""


def plan(clips: Sequence[Path], wanted: Outputs) -> list[Outputs]:
    """The outputs of every clip: of a single one as they are named; of several in folders, under the clips' names.

    Folders are made where they are missing.

    Args:
        clips: The clips.
        wanted: What is wanted: files for a single clip, folders for several.

    Raises:
        OptionError: An output cannot be written, is one of the clips, or is named twice.
    """
    plans = [wanted]
    if len(clips) > 1:
        for folder in wanted.wanted().values():
            _make_folder(folder)
        plans = [_in_folders(clip, wanted) for clip in clips]
    taken = {clip.resolve(): f"the clip {clip}" for clip in clips}
    for clip, outputs in zip(clips, plans, strict=True):
        for kind, path in outputs.wanted().items():
            place = path.resolve()
            holder = taken.get(place) or next((f"the clip {one}" for one in clips if _same_file(path, one)), None)
            if holder:
                raise OptionError(
                    f"Every output must be a file of its own. Received: {path} as the {kind} output of {clip}; it is "
                    f"{holder} already. Name another file or folder."
                )
            taken[place] = f"the {kind} output of {clip}"
            check_writable(path)
    return plans


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OptionError(
            f"With several clips, an output must name a folder. Received: {folder} ({exc.strerror}). Name another one."
        ) from exc


def _in_folders(clip: Path, folders: Outputs) -> Outputs:
    return Outputs(**{kind: folder / (clip.stem + ENDINGS[kind]) for kind, folder in folders.wanted().items()})


def _same_file(path: Path, clip: Path) -> bool:
    """Whether two names are one file, as a hard link is."""
    return path.exists() and clip.exists() and path.samefile(clip)
