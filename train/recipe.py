"""What a recipe is: everything that decides a model, but for the data."""

from dataclasses import dataclass, field, replace
from typing import Any

from train.cnn_gru import Head
from train.conv3d import Clips
from train.fit import Schedule, Stage
from train.pictures import PictureSpec
from vidclass.bundle import Family, Window
from vidclass.preprocess import Preprocess


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a model, but for the data."""

    name: str
    """Of the bundle that it makes."""
    family: Family
    architecture: dict[str, Any]
    """Arguments of the family's builder in `vidclass.networks`."""
    preprocess: Preprocess
    window: Window = field(default_factory=Window)
    version: str = "1.0.0"
    schedule: Schedule = field(default_factory=Schedule)
    """Of the whole network; for the CNN-GRU, whose head is trained on features, of the CNN that sees motion."""
    pictures: PictureSpec = field(default_factory=PictureSpec)
    """What is kept of photos and clips; the frame CNN's."""
    clips: Clips = field(default_factory=Clips)
    """How windows are cut; the 3D CNN's."""
    head: Head = field(default_factory=Head)
    """How the head is trained; the CNN-GRU's."""
    weights: str | None = None
    """What the training starts from: `imagenet`, a weights file, or a bundle whose CNN is taken over."""
    flow_weights: str | None = None
    """What the CNN that sees motion starts from: `imagenet`, a file of MobileNet 0.75's weights, or nothing."""
    seed: int = 0

    @property
    def kept(self) -> PictureSpec:
        """What its family keeps of photos and clips."""
        return {"frame-cnn": self.pictures, "conv3d": self.clips.spec, "cnn-gru": self.head.spec}[self.family]

    def with_batch_size(self, batch_size: int) -> "Recipe":
        """The recipe with another number of items in a batch."""
        return replace(
            self,
            schedule=replace(self.schedule, batch_size=batch_size),
            head=replace(self.head, batch_size=batch_size),
        )

    def with_epochs(self, epochs: int) -> "Recipe":
        """The recipe with another number of epochs, shared out over its stages as before."""
        whole = self.schedule.epochs
        ends = [
            round(sum(s.epochs for s in self.schedule.stages[: n + 1]) * epochs / whole)
            for n in range(len(self.schedule.stages))
        ]
        stages: list[Stage] = []
        for stage, begin, end in zip(self.schedule.stages, [0, *ends], ends, strict=False):
            if end > begin:
                stages.append(replace(stage, epochs=end - begin))
        return replace(
            self, schedule=replace(self.schedule, stages=tuple(stages)), head=replace(self.head, epochs=epochs)
        )
