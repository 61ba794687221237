"""The backgrounds of the illustrated world; calm, muted, and knows nothing of the things that stand in front."""

from random import Random

from PIL import Image

from core.scenes.catalogue import Place
from core.scenes.colours import RGB, mix

SKIES: dict[str, tuple[RGB, RGB]] = {
    "day": ((120, 186, 238), (214, 238, 252)),
    "sunset": ((108, 84, 160), (250, 178, 128)),
    "night": ((22, 28, 66), (62, 74, 128)),
}
GROUNDS: dict[str, RGB] = {
    "beach": (236, 214, 162), "sea": (52, 132, 190), "meadow": (142, 200, 104), "forest": (96, 150, 92),
    "desert": (230, 180, 112), "mountains": (150, 178, 130), "snow": (232, 240, 250), "street": (150, 150, 160),
    "city": (130, 134, 152), "park": (128, 196, 124), "farm": (196, 184, 96), "kitchen": (222, 206, 178),
    "living room": (190, 142, 104), "bedroom": (178, 166, 196), "office": (132, 146, 158),
}  # fmt: skip
WALLS: dict[str, RGB] = {
    "kitchen": (238, 238, 222), "living room": (240, 216, 176), "bedroom": (206, 198, 232), "office": (196, 214, 222),
}  # fmt: skip


def draw_place(canvas: Image.Image, place: Place, time: str, rng: Random) -> None:
    """Fills the canvas (RGB) with the place at that time; `rng` varies it a little."""
    width, height = canvas.size
    horizon = round(place.horizon * height)
    top, low = SKIES[time] if not place.indoors else (WALLS[place.name], WALLS[place.name])
    ground = GROUNDS[place.name]
    if time == "night":
        ground = mix(ground, (30, 34, 84), 0.55)
    gradient = Image.linear_gradient("L").resize((width, horizon))
    canvas.paste(Image.composite(Image.new("RGB", (width, horizon), low), Image.new("RGB", (width, horizon), top), gradient))
    canvas.paste(ground, (0, horizon, width, height))
