"""How each kind of thing is drawn: one function a kind, one file a group; knows only the pen and the colours."""

from core.world.drawings import (
    animals,
    buildings,
    food,
    furniture,
    nature,
    objects,
    people,
    play,
    vehicles,
)
from core.world.pen import Drawing

DRAWINGS: dict[str, Drawing] = {
    **animals.DRAWINGS,
    **people.DRAWINGS,
    **vehicles.DRAWINGS,
    **buildings.DRAWINGS,
    **nature.DRAWINGS,
    **food.DRAWINGS,
    **furniture.DRAWINGS,
    **objects.DRAWINGS,
    **play.DRAWINGS,
}
