"""All animals by the name of their kind: gathers the files that draw them; knows nothing of scenes."""

from core.world.drawings import birds, farm_animals, wild_animals
from core.world.pen import Drawing

DRAWINGS: dict[str, Drawing] = {**farm_animals.DRAWINGS, **birds.DRAWINGS, **wild_animals.DRAWINGS}
