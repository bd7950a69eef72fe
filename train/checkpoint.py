"""What is kept of a training run after each epoch: the best weights, and all that going on needs.

Everything lies in the run's folder: `last.weights.h5` (weights and optimizer), `best.weights.h5`, and `progress.json`,
which is written last. A run that goes on ends with the same weights as one that was never interrupted.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from vidclass.files import replacing

Validate = Callable[[keras.Model], tuple[float, float]]
"""Network -> (loss, top-1) on the validation part."""


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch: measures the validation part, keeps the best weights, saves what going on needs."""

    def __init__(self, folder: Path, validate: Validate, keep_last: bool = True, since: int = 0):
        """
        Args:
            folder: Where the weights are kept.
            validate: What measures them.
            keep_last: Whether the run can go on from each epoch.
            since: First epoch that can be the best. A stage that trains what was never trained before starts anew.
        """
        super().__init__()
        self._since = since
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._validate, self._keep_last = folder, validate, keep_last
        self.progress: dict[str, list[float]] = {}
        saved = folder / "progress.json"
        if saved.is_file():
            self.progress = json.loads(saved.read_text())

    @property
    def epochs_done(self) -> int:
        """Epochs that an earlier run finished."""
        return len(self.progress.get("loss", []))

    def restore(self) -> None:
        """Loads the weights and the optimizer's state of the last finished epoch."""
        if self.epochs_done:
            self.model.load_weights(self._folder / "last.weights.h5")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Lets the epoch's number decide what is dropped out, so that a run that goes on drops the same."""
        for number, layer in enumerate(self.model._flatten_layers()):
            if isinstance(layer, keras.layers.Dropout) and layer.rate:
                layer.seed_generator.state.assign((number, epoch << 20))  # it counts up by one a step

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures and saves."""
        loss, top1 = self._validate(self.model)
        best = max(self.progress.get("val_accuracy", [])[self._since :], default=-1.0)
        for name, value in {**(logs or {}), "val_loss": loss, "val_accuracy": top1}.items():
            self.progress.setdefault(name, []).append(float(value))
        print(f"  epoch {epoch + 1}: validation top-1 {top1:.4f}, loss {loss:.4f}", flush=True)
        if top1 >= best:
            # Through a model that has no optimizer, whose state would tie the file to this stage.
            _save(keras.Model(self.model.inputs, self.model.outputs), self._folder / "best.weights.h5")
        if self._keep_last:
            _save(self.model, self._folder / "last.weights.h5")
            with replacing(self._folder / "progress.json") as partial:
                partial.write_text(json.dumps(self.progress))


def save_start(model: keras.Model, folder: Path) -> None:
    """Keeps the weights that the training of the whole network starts from, unless it has started already."""
    if not (folder / "progress.json").is_file():
        _save(keras.Model(model.inputs, model.outputs), folder / "start.weights.h5")


def load_blend(model: keras.Model, folder: Path, shares: Sequence[float], validate: Validate) -> None:
    """Gives the network the blend of the starting and the best weights that is best on the validation part.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models" (2022): weights between the pretrained and the
    fine-tuned ones often do better than both on data unlike that of the training.

    Args:
        model: The network.
        folder: Of the run.
        shares: Of the best epoch's weights; those of the start get the rest.
        validate: What measures a blend.
    """
    plain = keras.Model(model.inputs, model.outputs)
    plain.load_weights(folder / "start.weights.h5")
    start = plain.get_weights()
    plain.load_weights(folder / "best.weights.h5")
    best = plain.get_weights()
    found = []
    for share in shares:
        plain.set_weights([(1 - share) * a + share * b for a, b in zip(start, best, strict=True)])
        loss, top1 = validate(plain)
        print(f"  {share:.0%} of the way from the start: validation top-1 {top1:.4f}, loss {loss:.4f}", flush=True)
        found.append((top1, -loss, share))
    share = max(found)[2]
    plain.set_weights([(1 - share) * a + share * b for a, b in zip(start, best, strict=True)])


def average_with_best(model: keras.Model, folder: Path) -> None:
    """Gives the network the mean of its weights and the best epoch's."""
    last = model.get_weights()
    load_best(model, folder)
    model.set_weights([(a + b) / 2 for a, b in zip(last, model.get_weights(), strict=True)])


def load_best(model: keras.Model, folder: Path) -> None:
    """Gives the network the weights of the epoch that was best on the validation part."""
    keras.Model(model.inputs, model.outputs).load_weights(folder / "best.weights.h5")


def _save(model: keras.Model, path: Path) -> None:
    with replacing(path) as partial:
        # Keras insists on the double ending, which the temporary file lacks.
        whole = partial.with_suffix(".weights.h5")
        try:
            model.save_weights(whole)
            whole.replace(partial)
        finally:
            whole.unlink(missing_ok=True)
