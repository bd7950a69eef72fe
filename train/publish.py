"""Models and the page to the Hugging Face Hub: `python -m train publish`."""

import argparse
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from train import card, figures, space
from vidclass import bundle, hub, zoo
from vidclass.bundle import Bundle
from vidclass.errors import HubError, OptionError

CARD = "README.md"
CORRECT = "Correct it there, or put the bundle's in its place with --replace-card"
DESCRIBE = "Write it anew: python -m train describe --model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `python -m train publish`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--model", metavar="NAME", help="publish a model: a name of models/, or a model's folder")
    what.add_argument("--space", metavar="USER/SPACE", help="publish the page, and the models that it pulls")
    parser.add_argument("--repo", metavar="USER/REPO", help="with --model: where to")
    parser.add_argument(
        "--namespace", metavar="USER", help="with --space: whose models it pulls (default: those of the Space's owner)"
    )
    parser.add_argument("--no-weights", action="store_true", help="with --space: send no bundled copies along")
    parser.add_argument("--replace-card", action="store_true", help="put our card in the place of the repo's own")
    parser.add_argument("--private", action="store_true", help="make repos that are not there yet private")
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and ask the Hub nothing")


def run(arguments: argparse.Namespace) -> None:
    """Publishes what the arguments say.

    Raises:
        OptionError: The arguments do not go together, or there is no such model.
        BundleError: A model is not sound.
        HubError: The Hub cannot be reached or refuses.
    """
    if arguments.model:
        repo = arguments.repo or ""
        if not hub.is_repo(repo) or "@" in repo:
            raise OptionError(f"--model must come with --repo user/repo. Received: --repo {repo or '(nothing)'}.")
        publish_model(_folder(arguments.model), repo, arguments)
        return
    if not hub.is_repo(arguments.space) or "@" in arguments.space:
        raise OptionError(f"--space must be user/space. Received: {arguments.space}.")
    publish_space(arguments.space, arguments)


def publish_model(folder: Path, repo: str, options: argparse.Namespace) -> str:
    """Verifies a bundle, sends it and tags it with its version.

    Returns:
        `user/repo@commit`, or `user/repo@tag` of a dry run.
    """
    checked = bundle.load(folder)
    tag = zoo.tag_of(checked.version)
    with TemporaryDirectory() as staging:
        stage_model(checked, Path(staging))
        if options.dry_run:
            _print_files(f"{repo}, tag {tag}", Path(staging))
            return f"{repo}@{tag}"
        _verify(checked)
        url, commit = hub.push(
            Path(staging),
            repo,
            message=f"{checked.name} {checked.version}",
            owned=bundle.ALLOWED_FILES,
            kept={} if options.replace_card else {CARD: _check(checked, f"The card of {repo}", CORRECT)},
            tag=tag,
            private=options.private,
        )
    print(f"{url} {tag}\n{repo}@{commit}", flush=True)
    return f"{repo}@{commit}"


def stage_model(checked: Bundle, target: Path) -> None:
    """Copies exactly a bundle's own files, and writes the card and the weights' terms where they are missing.

    Raises:
        BundleError: The folder holds anything else, or a card with other figures than the bundle's.
    """
    for name in bundle.files(checked.folder):
        shutil.copyfile(checked.folder / name, target / name)
    if (target / CARD).exists():
        check = _check(checked, str(checked.folder / CARD), f"{DESCRIBE} {checked.folder}")
        check((target / CARD).read_text(encoding="utf-8", errors="replace"))
    for name, text in card.texts(checked).items():
        if not (target / name).exists():
            (target / name).write_text(text, encoding="utf-8")


def _check(made: Bundle, where: str, remedy: str) -> Callable[[str], None]:
    """A check of the text of a card that is kept."""
    return partial(figures.check, bundle=made, where=where, remedy=remedy)


def publish_space(repo: str, options: argparse.Namespace) -> None:
    """Sends the page, pinned to the models' commits on the Hub; models that are not there yet are published first."""
    namespace = options.namespace or repo.partition("/")[0]
    folders = [zoo.MODELS / path.parent.name for path in sorted(zoo.MODELS.glob(f"[!.]*/{bundle.CONFIG}"))]
    if not folders:
        raise OptionError(f"A page must have a model. {zoo.MODELS} holds none. Train or copy one there.")
    pins = {folder.name: _pin(folder, zoo.published_as(namespace, folder.name), options) for folder in folders}
    with TemporaryDirectory() as staging:
        space.stage(Path(staging), pins, bundles=[] if options.no_weights else folders)
        if options.dry_run:
            _print_files(f"{repo}, a Space", Path(staging))
            return
        url, commit = hub.push(
            Path(staging), repo, "space", message="Publish the page", owned=space.OWNED, private=options.private
        )
    print(f"{url}\n{repo}@{commit}", flush=True)


def _pin(folder: Path, repo: str, options: argparse.Namespace) -> str:
    """Where the Space shall pull a model from: `user/repo@commit`, published now if it is not there yet."""
    local = bundle.load(folder)
    tag = zoo.tag_of(local.version)
    if options.dry_run:
        return f"{repo}@{tag}"
    commit = hub.find(repo, tag)
    if commit is None:
        return publish_model(folder, repo, options)
    published = bundle.load(hub.pull(repo, commit).folder)
    if published.files != local.files:
        raise HubError(
            f"{repo}@{tag} must hold the weights of {folder}. It holds others. Raise the version in {bundle.CONFIG} "
            "and publish again, or bring the published ones here."
        )
    return f"{repo}@{commit}"


def _folder(name: str) -> Path:
    for folder in (zoo.MODELS / name, Path(name)):
        if (folder / bundle.CONFIG).is_file():
            return folder
    raise OptionError(f"--model must be a name in {zoo.MODELS} or a model's folder. Received: {name}.")


def _verify(checked: Bundle) -> None:
    from vidclass.verify import verify

    verify(checked)


def _print_files(title: str, folder: Path) -> None:
    files: Sequence[Path] = sorted(path for path in folder.rglob("*") if path.is_file())
    print(f"Would send to {title}:")
    for path in files:
        print(f"{path.stat().st_size:>12,}  {path.relative_to(folder).as_posix()}")
    print(f"{sum(path.stat().st_size for path in files):>12,}  bytes in {len(files)} files", flush=True)
