"""The models that are part of Sightwords: what each is called, where it lies and what it can do; loads nothing."""

from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
WORLD_MODEL = "scenes"  # knows the drawings of the illustrated world
PHOTO_MODEL = "photos"  # knows photographs: what a person's own pictures are searched with


@dataclass(frozen=True)
class Shipped:
    """A model of ours. `purpose`: what it is for, in a few words; `about`: what it can and cannot do, in sentences."""

    name: str
    purpose: str
    about: str
    licence: str = "Apache-2.0"

    @property
    def folder(self) -> Path:
        """Where its encoder, head, vocabulary, figures and card lie."""
        return ASSETS / self.name


SHIPPED = {
    one.name: one
    for one in (
        Shipped(
            WORLD_MODEL,
            "drawings of the illustrated world",
            "Built in and offline: knows the drawings of its own illustrated world, and everyday English as far as it "
            "means them; it cannot recognise photographs.",
        ),
        Shipped(
            PHOTO_MODEL,
            "photographs of your own",
            "Built in and offline, for photographs of your own: everyday things, animals, people and places, in "
            "everyday English. It knows no names of people or places, reads no text in pictures and does not count. "
            "The model blip-coco finds far more, and needs about 990 MB from the hub, once.",
        ),
    )
}
