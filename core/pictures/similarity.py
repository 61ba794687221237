"""A hash of what a picture shows: pictures that are resaved, resized or a little cropped have similar hashes.

This is the perceptual hash "pHash" of Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions",
2010: a bit for each of the lowest frequencies of the grey picture, set where it is above their median. It is taken
twice: 8 × 8 frequencies, by which candidates are looked up, and 16 × 16, which decide. Pure functions.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

SIDE = 64  # px: four times the frequencies that are looked at
FREQUENCIES = (8, 16)
FLAT = 2.0  # grey levels: with less spread a picture shows nothing by which it could be recognised


def similarity_hash(image: Image.Image) -> bytes | None:
    """The hash: 8 bytes for looking up, then 32 that decide (see `index_store.similarity`).

    None for a picture of nearly a single colour, which would be similar to every other one.
    """
    shrink = min(image.size) // (4 * SIDE)
    small = (image.reduce(shrink) if shrink > 1 else image).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, dtype=np.float64)
    if grey.std() < FLAT:
        return None
    low = dctn(grey, norm="ortho")
    return b"".join(_signs(low[:count, :count]) for count in FREQUENCIES)


def _signs(low: NDArray[np.float64]) -> bytes:
    """A bit for each frequency; the first, which is the brightness of the whole, stays 0."""
    bits = low > np.median(low.ravel()[1:])
    bits[0, 0] = False
    return np.packbits(bits).tobytes()
