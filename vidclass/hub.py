"""Models from the Hugging Face Hub, and models and pages to it.

The client's own variables hold here too: HF_TOKEN, HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partialmethod
from pathlib import Path
from typing import Any, Literal

from vidclass._hub_errors import explained, http_error, told
from vidclass._safety import MAX_BUNDLE_BYTES, MAX_FILES
from vidclass.bundle import ALLOWED_FILES
from vidclass.errors import HubError

Kind = Literal["model", "space"]

DEFAULT_REVISION = "main"
COMMIT = re.compile(r"[0-9a-f]{40}")
REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}(@[A-Za-z0-9](?!.*\.\.)[\w./-]{0,99})?", re.ASCII)
"""`user/repo` or `user/repo@revision`."""

ANSWER_SECONDS = 10.0
"""How long the Hub may take to answer: a page that starts has a bundled copy to fall back on."""
UPLOAD_SECONDS = 120.0
"""The same while publishing: taking in a commit is slow."""


@dataclass(frozen=True)
class Pulled:
    """A bundle in the Hub's cache."""

    folder: Path
    commit: str
    """The 40 digits that name exactly these files for good."""
    notice: str = ""
    """Why the cache was believed and not the Hub; empty where it was asked, or need not be."""


def is_repo(text: str) -> bool:
    """Whether a text reads like `user/repo` or `user/repo@revision`.

    >>> is_repo("user/vidclass-a@v1.0.0"), is_repo("frame-cnn"), is_repo("user/repo@../../x")
    (True, False, False)
    """
    return REPO.fullmatch(text) is not None


def pull(repo: str, revision: str = DEFAULT_REVISION) -> Pulled:
    """Brings a bundle's files into the Hub's cache.

    A commit that is in the cache is taken from there without a request. A branch or tag is looked up first; if the Hub
    cannot be reached, the commit it last stood for serves, with a notice.

    Args:
        repo: `user/repo`.
        revision: Branch, tag or commit.

    Raises:
        HubError: The Hub cannot be reached, does not give the repo, or the repo is too large.
    """
    from huggingface_hub import get_session, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    what = f"{repo}@{revision}"
    with told(what):
        get_session().timeout = ANSWER_SECONDS  # the client's own requests would wait for ever
        commit, notice = (revision, "") if COMMIT.fullmatch(revision) else _commit(repo, revision)
        options: dict[str, Any] = {"revision": commit, "allow_patterns": list(ALLOWED_FILES)}
        try:
            folder = Path(snapshot_download(repo, local_files_only=True, **options))
        except LocalEntryNotFoundError:
            if commit == revision:
                _ask(repo, commit)  # once, and not again and again as the download would
            folder = _download(repo, what, options)
        if commit != revision and not notice:
            ref = folder.parent.parent / "refs" / revision  # as the client does it
            with suppress(OSError):  # a cache that cannot be written to still serves
                ref.parent.mkdir(parents=True, exist_ok=True)
                ref.write_text(commit)
        return Pulled(folder, commit, notice)


def _download(repo: str, what: str, options: dict[str, Any]) -> Path:
    """Fetches the files of a commit, once their sizes are known."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import tqdm as bar  # type: ignore[attr-defined]

    silent = type("SilentBar", (bar,), {"__init__": partialmethod(bar.__init__, disable=True)})
    options = {**options, "etag_timeout": ANSWER_SECONDS, "library_name": "vidclass"}
    files = snapshot_download(repo, dry_run=True, tqdm_class=silent, **options)
    size = sum(MAX_BUNDLE_BYTES if file.file_size is None else file.file_size for file in files)
    if size > MAX_BUNDLE_BYTES or len(files) > MAX_FILES:
        raise HubError(
            f"A model must have at most {MAX_FILES} files and {MAX_BUNDLE_BYTES} bytes. Received: {len(files)} files "
            f"and {size} bytes in {what}. Nothing was fetched; name another repo."
        )
    return Path(snapshot_download(repo, **options))


def _commit(repo: str, revision: str) -> tuple[str, str]:
    """The commit that a revision stands for, and a notice if the Hub could not be asked."""
    from huggingface_hub import resolve_revision
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RevisionResolutionError

    try:
        return _ask(repo, revision), ""
    except (http_error(), OfflineModeIsEnabled) as error:
        if isinstance(error, HfHubHTTPError) and error.response.status_code in (400, 401, 403, 404):
            raise  # it answered: this is not to be had
        try:
            commit = resolve_revision(repo, revision=revision, local_files_only=True).resolved
        except RevisionResolutionError:
            raise error from None
        reason = str(explained(error, f"{repo}@{revision}"))
        return commit, f"{repo}: commit {commit}, which {revision} last stood for, serves from the cache. {reason}"


def find(repo: str, revision: str) -> str | None:
    """The commit that a branch or tag stands for on the Hub now; None where there is no such repo or revision.

    Raises:
        HubError: The Hub cannot be reached, or refuses.
    """
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    with told(f"{repo}@{revision}"):
        try:
            return _ask(repo, revision)
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            if isinstance(error, GatedRepoError):
                raise
            return None


def _ask(repo: str, revision: str) -> str:
    from huggingface_hub import HfApi

    return str(HfApi().model_info(repo, revision=revision, timeout=ANSWER_SECONDS).sha)


def push(
    folder: Path,
    repo: str,
    kind: Kind = "model",
    *,
    message: str,
    owned: Sequence[str],
    kept: Mapping[str, Callable[[str], None]] | None = None,
    tag: str | None = None,
    private: bool = False,
) -> tuple[str, str]:
    """Publishes a folder as one commit, and tags it; returns the repo's address and the commit.

    Args:
        folder: Every file in it is sent, and nothing else.
        repo: `user/repo`; made if it is not there.
        kind: What the repo holds.
        message: The commit's.
        owned: Patterns of names in the repo that the folder stands for: those that the folder lacks are deleted there.
        kept: Names that stay as they are if the repo has them, each with what is asked of its text there: it raises
            an error of ours if the text must not stay.
        tag: The commit's tag. A tag that is there is never moved.
        private: Whether a repo that is made is private.

    Raises:
        HubError: The Hub cannot be reached or refuses, or the tag is there already.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_session

    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    with told(repo):
        get_session().timeout = UPLOAD_SECONDS
        api = HfApi(library_name="vidclass")
        sdk = "gradio" if kind == "space" else None
        api.create_repo(repo, repo_type=kind, exist_ok=True, private=private or None, space_sdk=sdk)
        if tag and tag in {each.name for each in api.list_repo_refs(repo, repo_type=kind).tags}:
            raise HubError(
                f"A tag must name one commit for good. Received: {tag}, which {repo} has already. Raise the version in "
                "vidclass.json and publish again."
            )
        there = set(api.list_repo_files(repo, repo_type=kind))
        kept = {name: check for name, check in (kept or {}).items() if name in there}
        for name, check in kept.items():
            check(Path(api.hf_hub_download(repo, name, repo_type=kind)).read_text(encoding="utf-8", errors="replace"))
        gone = [name for name in there - files.keys() if any(fnmatch(name, pattern) for pattern in owned)]
        # One commit, whatever the size: `upload_folder` may make several.
        commit = api.create_commit(
            repo,
            [
                *(CommitOperationDelete(name) for name in sorted(gone)),
                *(CommitOperationAdd(name, path) for name, path in files.items() if name not in kept),
            ],
            commit_message=message,
            repo_type=kind,
        )
        if tag:
            api.create_tag(repo, tag=tag, revision=commit.oid, repo_type=kind)
        return f"{api.endpoint}/{'spaces/' if kind == 'space' else ''}{repo}", commit.oid
