"""The colours of the illustrated world: their names, and the shades that a drawing needs of each."""

from dataclasses import dataclass

RGB = tuple[int, int, int]
RGBA = tuple[int, int, int, int]
Fill = RGB | RGBA


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """The colour that is `share` (0..1) of the way from `a` to `b`."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


@dataclass(frozen=True)
class Tint:
    """One named colour in the shades of a flat illustration."""

    name: str
    base: RGB
    dark: RGB  # the shaded side, outlines, far legs
    deep: RGB  # small dark details
    light: RGB  # highlights, bellies


INK: RGB = (38, 34, 46)  # eyes, wheels, writing
WHITE: RGB = (252, 252, 250)
SHADOW_INK: RGB = (30, 24, 60)
WARM_SHADOW: RGB = (150, 62, 12)  # violet shadows would turn yellow and orange olive

BASES: dict[str, RGB] = {
    "red": (214, 48, 49),
    "orange": (240, 130, 32),
    "yellow": (247, 203, 52),
    "green": (72, 158, 76),
    "blue": (46, 104, 202),
    "purple": (126, 66, 176),
    "pink": (244, 130, 176),
    "brown": (128, 80, 46),
    "black": (50, 48, 58),
    "white": (246, 245, 240),
    "grey": (142, 146, 154),
}

COLOUR_SYNONYMS: dict[str, tuple[str, ...]] = {
    "red": ("scarlet",),
    "orange": (),
    "yellow": ("golden",),
    "green": (),
    "blue": (),
    "purple": ("violet",),
    "pink": (),
    "brown": (),
    "black": ("dark",),
    "white": (),
    "grey": ("gray",),
}


def _tint(name: str, base: RGB) -> Tint:
    shadow = WARM_SHADOW if name in ("yellow", "orange") else SHADOW_INK
    return Tint(
        name=name,
        base=base,
        dark=mix(base, shadow, 0.24),
        deep=mix(base, shadow, 0.5),
        light=mix(base, (255, 250, 235), 0.38) if name != "black" else mix(base, WHITE, 0.2),
    )


TINTS: dict[str, Tint] = {name: _tint(name, base) for name, base in BASES.items()}
