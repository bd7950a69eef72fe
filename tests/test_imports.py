"""Imports run one way, and each third-party library is used in one place."""

import ast
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = (
    # Leaves: no pictures, no clips, no models.
    {"errors", "files", "sampling", "smoothing", "palette", "lettering", "progress", "preprocess", "motion", "_clock"}
    | {"_bar", "_cache", "_openvino", "_precision", "_hub_errors"},
    {"_frame", "_source", "_safety", "backbones"},
    {"_reader", "_audio", "annotate", "bundle", "networks", "analysis"},
    {"_writer", "runtime", "hub", "public_clips"},
    {"video", "classify", "zoo", "charts", "_svg", "_png", "verify"},
    {"export", "live", "_analysing", "_rendering", "_library"},
    {"pipeline"},
    {"_lines", "_ray", "_results", "batch"},
    {"__init__", "_outputs"},
    {"__main__", "page"},
)
"""Modules of vidclass, lowest first. A module imports from layers below its own, or from its own without a circle."""

OWNERS = {
    "av": {"vidclass/video.py", "vidclass/_reader.py", "vidclass/_source.py", "vidclass/_frame.py"}
    | {"vidclass/_writer.py", "vidclass/_audio.py"},
    "huggingface_hub": {"vidclass/hub.py", "vidclass/_hub_errors.py", "vidclass/public_clips.py"},
    "openvino": {"vidclass/_openvino.py", "vidclass/_safety.py"},
    "tensorflow": {"vidclass/runtime.py"},
    "keras": {"vidclass/backbones.py", "vidclass/networks.py", "train/*"},
    "gradio": {"vidclass/page/*", "app.py"},
    "matplotlib": {"vidclass/_png.py", "train/*"},
    "sklearn": {"train/*"},
    "h5py": {"vidclass/_safety.py"},
    "ray": {"vidclass/_ray.py"},
}
"""Libraries and the files that may import them."""

HEAVY = ("tensorflow", "keras", "openvino", "matplotlib", "gradio", "sklearn", "huggingface_hub", "pandas", "h5py")


def sources():
    found = [ROOT / "app.py", *(ROOT / "vidclass").rglob("*.py"), *(ROOT / "train").rglob("*.py")]
    return [path for path in found if path.is_file()]


def imported(path):
    """Full names of what a file imports when it runs; imports for type checkers only do not count."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively; name the package"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def module_of(path):
    parts = path.relative_to(ROOT / "vidclass").parts
    return "page" if parts[0] == "page" else path.stem


def layer_of(module):
    return next((number for number, layer in enumerate(LAYERS) if module in layer), None)


def test_every_module_has_its_place():
    modules = {module_of(path) for path in (ROOT / "vidclass").rglob("*.py")}
    placed = [module for layer in LAYERS for module in layer]
    assert len(placed) == len(set(placed))
    assert modules - set(placed) == set(), "give these modules a place in LAYERS"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    names = imported(path)
    if path.is_relative_to(ROOT / "vidclass"):
        assert not [name for name in names if name.split(".")[0] in ("train", "app", "tests")]
        own = module_of(path)
        used = {parts[1] for name in names if (parts := name.split("."))[0] == "vidclass" and len(parts) > 1}
        modules = {module for module in used if layer_of(module) is not None} - {own}
        if own not in {"page", "__main__"} and "vidclass" in names and not used:
            pytest.fail("only front ends import the package's own public face")
        above = {module for module in modules if layer_of(module) > layer_of(own)}
        assert not above, f"{own} imports {', '.join(sorted(above))} from a layer above"
    elif path.is_relative_to(ROOT / "train"):
        assert not [name for name in names if name.split(".")[0] in ("app", "tests")]
        assert not [name for name in names if name.startswith("vidclass.page")]
    for library, owners in OWNERS.items():
        uses = [name for name in names if name.split(".")[0] == library]
        allowed = any(path.relative_to(ROOT).match(owner) or _within(path, owner) for owner in owners)
        assert not uses or allowed, f"{library} belongs to {', '.join(sorted(owners))}"


def _within(path, owner):
    return owner.endswith("/*") and path.is_relative_to(ROOT / owner.removesuffix("/*"))


def test_no_modules_import_each_other_in_a_circle():
    uses = {
        module_of(path): {name.split(".")[1] for name in imported(path) if name.startswith("vidclass.")}
        for path in (ROOT / "vidclass").glob("*.py")
        if path.stem not in ("__init__", "__main__")
    }

    def walk(trail):
        for module in sorted(uses.get(trail[-1], set())):
            assert module not in trail, f"a circle: {' -> '.join([*trail, module])}"
            walk([*trail, module])

    for module in uses:
        walk([module])


def test_layers_are_not_empty():
    assert all(layer for layer in LAYERS) and all(not one & other for one, other in pairwise(LAYERS))


def test_importing_the_library_imports_nothing_heavy():
    code = f"import sys, vidclass; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_every_library_that_is_imported_is_a_requirement():
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    packages = {"cv2": "opencv-python-headless", "sklearn": "scikit-learn", "PIL": "pillow"}
    optional = {"ray"}
    used = {name.split(".")[0] for path in sources() for name in imported(path)}
    own = {"vidclass", "train", "app", "tests", ""} | set(sys.stdlib_module_names)
    missing = [name for name in used - own - optional if packages.get(name, name).replace("_", "-") not in listed]
    assert not missing
