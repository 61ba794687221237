"""Where in a picture a term was seen: the term's logit, traced back through head and pooling to the feature map.

Gradient times activation, summed over channels (the linear part of Selvaraju et al., "Grad-CAM", ICCV 2017, without
averaging the gradient over cells): what each cell's features add to the term. Needs an encoder whose image tower is
convolutional up to its pooling (`PointingEncoder`). Must not know particular encoders or collections.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from core.encoders import PointingEncoder
from core.errors import ModelError

if TYPE_CHECKING:
    from core.models.model import Model

ZOOM = 8  # of the shown map: smooth to the eye, small to send


def can_point(model: "Model") -> bool:
    """Whether the model can say where in a picture a term was seen."""
    return isinstance(model.encoder, PointingEncoder)


@dataclass(frozen=True)
class TermMap:
    """`cells` (h, w): what each cell of the feature map adds to the term's logit; may be negative.

    `shift`, in cells: what a cell of the map sees is centred so far to the right of, and below, the cell's middle.
    """

    cells: NDArray[float32]
    shift: float = 0.0

    def peak(self) -> tuple[float, float]:
        """Where the map is highest, as shares (x, y) of the picture's width and height: the middle of that cell."""
        height, width = self.cells.shape
        y, x = divmod(int(self.cells.argmax()), width)
        return min(1.0, (x + 0.5 + self.shift) / width), min(1.0, (y + 0.5 + self.shift) / height)

    def overlay(self, colour: tuple[int, int, int]) -> Image.Image:
        """The map as RGBA to lay over the picture, ZOOM times its size: opaque at the peak, clear where nothing is."""
        positive = torch.from_numpy(np.maximum(self.cells, 0.0))[None, None]  # (1, 1, h, w)
        top = float(positive.max())
        smooth = functional.interpolate(positive / top if top else positive, scale_factor=ZOOM, mode="bicubic")
        moved = round(self.shift * ZOOM)
        smooth = functional.pad(smooth, (moved, 0, moved, 0), mode="replicate")[
            0, 0, : smooth.shape[2], : smooth.shape[3]
        ]
        alpha = (255 * smooth.clamp(0, 1).pow(0.7)).round().to(torch.uint8).numpy()  # lift the flanks a little
        shown = Image.new("RGBA", (alpha.shape[1], alpha.shape[0]), (*colour, 0))
        shown.putalpha(Image.fromarray(alpha, "L"))
        return shown


def term_map(model: "Model", image: Image.Image, term: int) -> TermMap:
    """Where in the picture the term was seen; ModelError if the model cannot tell."""
    encoder = model.encoder
    if not isinstance(encoder, PointingEncoder):
        raise ModelError(f"The model '{model.name}' has no feature map, so it cannot point into a picture.")
    tower = encoder.image_tower
    with torch.inference_mode(False), torch.enable_grad():
        with torch.no_grad():
            features = tower.map(encoder.pixels(image))  # (1, channels, h, w)
        features.requires_grad_(True)
        logit = model.head.logits(tower.pool(features))[0, term]
        (gradient,) = torch.autograd.grad(logit, features)
    return TermMap((gradient * features.detach())[0].sum(0).numpy(), encoder.shift)
