"""A contact sheet of the illustrated world, for the model card and the README."""

from PIL import Image

from core.world.composer import compose
from core.world.renderer import render

COLUMNS, ROWS, SIDE, GAP = 8, 3, 192, 6


def contact_sheet(split: str = "test", first: int = 0) -> Image.Image:
    """Scenes `first` and following of `split`, as users see them, on one sheet."""
    step = SIDE + GAP
    sheet = Image.new("RGB", (COLUMNS * step - GAP, ROWS * step - GAP), "white")
    for i in range(COLUMNS * ROWS):
        picture = render(compose(split, first + i)).image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(picture, (i % COLUMNS * step, i // COLUMNS * step))
    return sheet
