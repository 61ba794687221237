"""Frozen encoders: pictures and texts to unit vectors of one space; one file each; none knows heads or terms."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from numpy import float32
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor


class DenseEncoder(Protocol):
    """A frozen, deterministic dual encoder; its rows do not depend on the batch they came in (to 1e-5)."""

    name: str
    dim: int

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        """RGB pictures of any size -> (n, dim) rows of unit length."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        """Sentences -> (n, dim) rows of unit length."""
        ...

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that the encoder has never seen, in order, each once."""
        ...

    def out_of_world(self, text: str) -> bool:
        """Whether nothing the encoder has seen is like what the text says; most cannot tell, and say False."""
        ...


class PointingTower(Protocol):
    """An image tower that has a feature map until its pooling, so that a cell of the map is a place in the picture."""

    def map(self, pixels: "Tensor") -> "Tensor":
        """(n, 3, S, S) -> (n, channels, h, w) features of each cell."""
        ...

    def pool(self, features: "Tensor") -> "Tensor":
        """(n, channels, h, w) -> (n, dim) unit rows."""
        ...


@runtime_checkable
class PointingEncoder(Protocol):
    """An encoder that can be asked where in a picture it saw what it saw."""

    image_tower: PointingTower
    shift: float  # how far right of, and below, the middle of its square lies what a cell of the map sees, in cells

    def pixels(self, image: Image.Image) -> "Tensor":
        """A picture of any size, all of it -> (1, 3, S, S), as the tower takes it."""
        ...
