"""A hash of what a picture shows, alike for nearly equal pictures: resaved, resized, a little cropped; pure functions.

The signs of the lowest frequencies of the picture in grey, against their median (the perceptual hash "pHash" of Zauner,
"Implementation and Benchmarking of Perceptual Image Hash Functions", 2010), twice: 8 × 8 of them, by which nearly equal
pictures are looked up, and 16 × 16, which tell.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

SIDE = 64  # px: four times the frequencies that are looked at
FREQUENCIES = (8, 16)
FLAT = 2.0  # grey levels: below this spread a picture shows nothing that could be told again


def similarity_hash(image: Image.Image) -> bytes | None:
    """8 bytes and 32 bytes (see `index_store.similarity`); None for a picture of a single colour, nearly."""
    shrink = min(image.size) // (4 * SIDE)
    small = (image.reduce(shrink) if shrink > 1 else image).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, dtype=np.float64)
    if grey.std() < FLAT:
        return None
    low = dctn(grey, norm="ortho")
    return b"".join(_signs(low[:count, :count]) for count in FREQUENCIES)


def _signs(low: NDArray[np.float64]) -> bytes:
    """A bit a frequency, the first, which is the brightness of the whole, left at 0."""
    bits = low > np.median(low.ravel()[1:])
    bits[0, 0] = False
    return np.packbits(bits).tobytes()
