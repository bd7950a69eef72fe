"""Public clips on the Hugging Face Hub that a page's owner chose to offer: pinned, bounded, fetched when asked for."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidclass.errors import HubError, OptionError

PATTERN = re.compile(
    r"(?:(?P<kind>dataset|space)s/)?(?P<repo>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{40})/(?P<file>[^|]+)\|(?P<licence>[^|]+)",
    re.ASCII,
)
ANSWER_SECONDS = 10.0
"""How long the Hub may take to answer."""


@dataclass(frozen=True)
class PublicClip:
    """A file of a repo, at a commit."""

    kind: str
    """`model`, `dataset` or `space`."""
    repo: str
    """`user/repo`."""
    commit: str
    """The 40 digits that name exactly this file for good."""
    file: str
    """Its path in the repo."""
    licence: str
    """Under which it may be shown, as the page tells it."""

    @property
    def title(self) -> str:
        """What a visitor sees."""
        return f"{Path(self.file).stem} ({self.licence})"


def parse(text: str) -> tuple[PublicClip, ...]:
    """Clips from a setting: `[datasets/]user/repo@commit/file|licence`, several separated by semicolons.

    >>> parse("datasets/me/clips@" + 40 * "0" + "/a/run.mp4|CC BY 4.0")[0].title
    'run (CC BY 4.0)'

    Raises:
        OptionError: One is not of this form.
    """
    clips = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        found = PATTERN.fullmatch(part)
        if not found or ".." in found["file"].split("/"):
            raise OptionError(
                "A public clip must be given as [datasets/]user/repo@commit/file|licence, the commit with its 40 "
                f"digits. Received: {part}. A branch or tag will not do, since what it stands for can change."
            )
        file, licence = found["file"].strip(), found["licence"].strip()
        clips.append(PublicClip(found["kind"] or "model", found["repo"], found["commit"], file, licence))
    return tuple(clips)


def fetch(clip: PublicClip, max_bytes: float) -> Path:
    """The clip in the Hub's cache. Once it is there, no request is made.

    Args:
        clip: Which.
        max_bytes: Its size at most; a larger one is not fetched.

    Raises:
        HubError: It cannot be had, or is too large.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError  # type: ignore[attr-defined]

    place: dict[str, Any] = {
        "repo_id": clip.repo,
        "filename": clip.file,
        "repo_type": clip.kind,
        "revision": clip.commit,
    }
    try:
        try:
            return Path(hf_hub_download(**place, local_files_only=True))
        except LocalEntryNotFoundError:
            size = get_hf_file_metadata(hf_hub_url(**place), timeout=ANSWER_SECONDS).size
        if size is None or size > max_bytes:
            raise HubError(f"A clip must have at most {max_bytes:.0f} bytes. Received: {size} in {clip.file}.")
        return Path(hf_hub_download(**place, etag_timeout=ANSWER_SECONDS))
    except (HTTPError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise HubError(f"{clip.file} must be on the Hub. It cannot be had now ({reason}). Try another clip.") from error
