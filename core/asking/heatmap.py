"""Says where in a picture a term was seen: the term's logit, traced back through head and pooling to the feature map.

Gradient times activation, summed over channels (the linear part of Selvaraju et al., "Grad-CAM", ICCV 2017, without
averaging the gradient over places): what each place's features add to the term. Needs an encoder whose image tower is
convolutional up to its pooling (`PointingEncoder`); knows no particular encoder and no collections.
"""

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
    from core.model import Model

ZOOM = 8  # of the shown map: smooth to the eye, small to send


def can_point(model: "Model") -> bool:
    """Whether the model's encoder keeps places apart until its pooling."""
    return isinstance(model.encoder, PointingEncoder)


def term_map(model: "Model", image: Image.Image, term: int) -> NDArray[float32]:
    """(h, w) what each place of the feature map adds to the term's logit; may be negative. ModelError if it cannot."""
    encoder = model.encoder
    if not isinstance(encoder, PointingEncoder):
        raise ModelError(f"The model '{model.name}' does not keep places apart, so it cannot point into a picture.")
    tower = encoder.image_tower
    with torch.inference_mode(False), torch.enable_grad():
        with torch.no_grad():
            features = tower.map(encoder.pixels(image))  # (1, channels, h, w)
        features.requires_grad_(True)
        logit = model.head.logits(tower.pool(features))[0, term]
        (gradient,) = torch.autograd.grad(logit, features)
    added: NDArray[float32] = (gradient * features.detach())[0].sum(0).numpy()
    return added


def peak(places: NDArray[float32]) -> tuple[float, float]:
    """Where the map is highest, as shares (x, y) of the picture's width and height: the middle of that place."""
    height, width = places.shape
    y, x = divmod(int(places.argmax()), width)
    return (x + 0.5) / width, (y + 0.5) / height


def overlay(places: NDArray[float32], colour: tuple[int, int, int]) -> Image.Image:
    """A map as RGBA to lay over the picture, ZOOM times its size: opaque at the peak, clear where nothing speaks."""
    positive = torch.from_numpy(np.maximum(places, 0.0))[None, None]  # (1, 1, h, w)
    top = float(positive.max())
    smooth = functional.interpolate(positive / top if top else positive, scale_factor=ZOOM, mode="bicubic")[0, 0]
    alpha = (255 * smooth.clamp(0, 1).pow(0.7)).round().to(torch.uint8).numpy()  # lift the flanks a little
    shown = Image.new("RGBA", (alpha.shape[1], alpha.shape[0]), (*colour, 0))
    shown.putalpha(Image.fromarray(alpha, "L"))
    return shown
