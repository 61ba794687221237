"""People, by pose and build; knows only the pen and the colours. The tint is the colour of their clothes."""

import math
from dataclasses import dataclass, replace

from core.world.colours import BASES, INK, RGB, WHITE, Tint, mix
from core.world.drawings.animal_parts import ROSE, dreaming
from core.world.pen import Drawing, Pen, Point

SKINS: tuple[RGB, ...] = ((250, 214, 184), (232, 182, 138), (198, 140, 98), (150, 98, 64), (108, 68, 46))
HAIRS: tuple[RGB, ...] = ((46, 36, 38), (92, 56, 36), (146, 86, 42), (226, 180, 92), (178, 78, 40))
TROUSERS: RGB = (76, 76, 90)  # neutral, so that the tint alone names the colour
SHOE: RGB = (70, 52, 50)
LIP: RGB = (186, 70, 74)
MIDDLE = 0.25

# Outlines of hair, "x,y ..." in radii of the head around its centre.
LONG = "0,-1.25 1.15,-.6 1.35,1 1.25,2 0,1.9 -1.25,2 -1.35,1 -1.15,-.6"
SHORT = "-1.02,.1 -.98,-.66 -.2,-1.14 .7,-.98 1.02,-.3 .94,-.1 .5,-.46 -.5,-.4 -.84,-.1"
TOUSLED = (
    "-1,0 -1.08,-.6 -.7,-.86 -.5,-1.12 -.1,-1.02 .3,-1.14 .56,-.92 1,-.72 1,-.06 .76,-.42 "
    ".44,-.22 .2,-.46 -.16,-.2 -.4,-.44 -.8,-.3"
)
FRINGE = "-1,.2 -1.02,-.6 0,-1.16 1.02,-.6 1,.2 .7,-.34 .2,-.66 -.5,-.36"

Limb = tuple[float, float]  # the angles of its two halves: 0 hangs down, 90 points right, -90 left, 180 up


@dataclass(frozen=True)
class Pose:
    """Angles of the limbs; `rise`: the height of the lowest foot above the ground, in heights of the box."""

    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]
    rise: float = 0.0
    shift: float = 0.0  # of the whole body to the right, so that limbs stay in the box


POSES: dict[str, Pose] = {
    "": Pose(((-24, -10), (24, 10)), ((-7, -4), (7, 4))),
    "waving": Pose(((-24, -10), (126, 174)), ((-7, -4), (7, 4))),
    "running": Pose(((-58, 22), (10, 150)), ((-4, -64), (36, 0)), shift=0.045),
    "dancing": Pose(((-125, -175), (62, -12)), ((-8, -4), (50, -52))),
    "jumping": Pose(((-112, -166), (112, 166)), ((-50, -8), (50, 8)), rise=0.07),
    "cooking": Pose(((-20, 20), (10, 84)), ((-7, -4), (7, 4)), shift=-0.08),
}


@dataclass(frozen=True)
class Build:
    """A body's proportions, in heights of the box: radius of the head, half the shoulders, lengths, widths."""

    head: float
    shoulders: float
    torso: float
    arm: float  # each half
    leg: float  # each half
    limb: float  # width


ADULT = Build(head=0.105, shoulders=0.104, torso=0.29, arm=0.145, leg=0.215, limb=0.066)
WOMAN = Build(head=0.102, shoulders=0.084, torso=0.27, arm=0.14, leg=0.225, limb=0.054)
CHILD = Build(head=0.145, shoulders=0.1, torso=0.25, arm=0.122, leg=0.17, limb=0.066)
CHEF = Build(head=0.09, shoulders=0.112, torso=0.28, arm=0.14, leg=0.182, limb=0.07)


@dataclass(frozen=True)
class Look:
    """Who it is: body, hair style, dress or trousers, and where in the lists of skins and hairs to start."""

    build: Build
    hair: str  # short, long, tousled, pigtails, toque
    dress: bool
    first: int


MAN = Look(ADULT, "short", False, 0)
LADY = Look(WOMAN, "long", True, 2)
LAD = Look(CHILD, "tousled", False, 1)
LASS = Look(CHILD, "pigtails", True, 3)
COOK = Look(CHEF, "toque", False, 2)


def _complexion(tint: Tint, first: int) -> tuple[RGB, RGB]:
    """Skin and hair of who wears this colour: always the same, and evenly spread over the colours."""
    number = list(BASES).index(tint.name) if tint.name in BASES else 0
    tone = (2 * number + first) % len(SKINS)
    hairs = HAIRS if tone < 2 else HAIRS[:3] if tone == 2 else HAIRS[:2]
    return SKINS[tone], hairs[(number + first) % len(hairs)]


def _end(start: Point, angle: float, length: float) -> Point:
    return start[0] + math.sin(math.radians(angle)) * length, start[1] + math.cos(math.radians(angle)) * length


def _limb(start: Point, limb: Limb, length: float) -> list[Point]:
    middle = _end(start, limb[0], length)
    return [start, middle, _end(middle, limb[1], length)]


def _face(pen: Pen, look: Look, skin: RGB, hair: RGB, x: float, y: float) -> None:
    r = look.build.head
    for side in (-1, 1):
        pen.circle(x + side * r * 0.95, y + r * 0.12, r * 0.2, skin)
    pen.ellipse(x, y, r * 0.95, r, skin)
    if look.hair == "short":  # with a beard
        pen.pie(x, y + r * 0.1, r * 0.95, r * 0.95, 15, 165, hair)
        pen.ellipse(x + r * 0.1, y + r * 0.28, r * 0.62, r * 0.34, skin)
    for dx in (-0.24, 0.44):
        pen.circle(x + dx * r, y + r * 0.1, r * 0.125, INK)
        pen.circle(x + (dx - (0.26 if dx < 0 else -0.22)) * r, y + r * 0.4, r * 0.14, mix(skin, (240, 90, 90), 0.35))
    if look.hair == "toque":
        pen.ellipse(x + r * 0.1, y + r * 0.46, r * 0.44, r * 0.14, hair)
    else:
        smile = WHITE if look.hair == "short" or skin in SKINS[3:] else LIP  # what shows on beard and skin
        pen.pie(x + r * 0.1, y + r * 0.42, r * 0.34, r * 0.32, 0, 180, smile)


def _strands(x: float, y: float, r: float, points: str) -> list[Point]:
    """The outline of a head of hair, written in radii of the head, around (x, y)."""
    return [(x + r * float(dx), y + r * float(dy)) for dx, dy in (pair.split(",") for pair in points.split())]


def _hair_behind(pen: Pen, look: Look, hair: RGB, x: float, y: float) -> None:
    r = look.build.head
    if look.hair == "long":
        pen.blob(_strands(x, y, r, LONG), hair)
    elif look.hair == "pigtails":
        for side in (-1, 1):
            pen.ellipse(x + side * r * 1.22, y + r * 0.45, r * 0.3, r * 0.66, hair, -side * 14)
            pen.circle(x + side * r * 1.12, y - r * 0.34, r * 0.2, ROSE)


def _hair_before(pen: Pen, look: Look, hair: RGB, x: float, y: float) -> None:
    r = look.build.head
    if look.hair == "toque":
        pen.rect(x - r * 0.86, y - r * 1.35, x + r * 0.86, y - r * 0.42, WHITE, r * 0.1)
        pen.rect(x - r * 0.86, y - r * 0.62, x + r * 0.86, y - r * 0.42, (214, 214, 222), r * 0.08)
        for dx, dy, s in ((-0.78, -1.5, 0.64), (0.78, -1.5, 0.64), (0.0, -1.72, 0.74)):
            pen.circle(x + dx * r, y + dy * r, s * r, WHITE)
    elif look.hair == "short":
        pen.blob(_strands(x, y, r, SHORT), hair)
    elif look.hair == "tousled":
        pen.polygon(_strands(x, y, r, TOUSLED), hair)
    else:
        pen.blob(_strands(x, y, r, FRINGE), hair)


def _torso(pen: Pen, tint: Tint, look: Look, x: float, top: float, hip: float) -> None:
    wide, low = look.build.shoulders, look.build.shoulders * 0.84
    pen.rect(x - low, top + wide * 0.4, x + low, hip + 0.02, tint.base, 0.03)
    pen.blob(
        [
            (x - wide * 0.5, top),
            (x + wide * 0.5, top),
            (x + wide * 1.1, top + 0.04),
            (x + low, top + 0.14),
            (x - low, top + 0.14),
            (x - wide * 1.1, top + 0.04),
        ],
        tint.base,
    )
    if look.hair == "toque":
        pen.polygon([(x - 0.05, top), (x + 0.05, top), (x, top + 0.05)], (214, 48, 49) if tint.name != "red" else WHITE)
        for dy in (0.09, 0.15, 0.21):
            for dx in (-0.03, 0.03):
                pen.circle(x + dx, top + dy, 0.011, INK if tint.name == "white" else WHITE)


def _skirt(pen: Pen, tint: Tint, x: float, waist: float, hem: float, wide: float) -> None:
    pen.polygon(
        [
            (x - 0.075, waist),
            (x + 0.075, waist),
            (x + wide, hem - 0.02),
            (x + wide - 0.02, hem),
            (x - wide + 0.02, hem),
            (x - wide, hem - 0.02),
        ],
        tint.base,
    )
    pen.polygon(
        [
            (x - wide + 0.003, hem - 0.045),
            (x + wide - 0.003, hem - 0.045),
            (x + wide, hem - 0.02),
            (x + wide - 0.02, hem),
            (x - wide + 0.02, hem),
            (x - wide, hem - 0.02),
        ],
        tint.dark,
    )


def _standing(pen: Pen, tint: Tint, look: Look, state: str) -> None:
    """Everyone on their feet: the limbs follow the pose, and the lowest foot touches the ground."""
    build, pose = look.build, POSES[state]
    skin, hair = _complexion(tint, look.first)
    drops = [sum(math.cos(math.radians(a)) for a in limb) * build.leg for limb in pose.legs]
    hip = 1.0 - build.limb * 0.5 - pose.rise - max(drops)
    top = hip - build.torso
    x = MIDDLE + pose.shift
    head_y = top - build.head * 0.86
    _hair_behind(pen, look, hair, x, head_y)
    for side, limb in zip((-1, 1), pose.legs, strict=True):
        path = _limb((x + side * build.shoulders * 0.5, hip), limb, build.leg)
        if look.dress:
            pen.line(path, skin, build.limb)
        elif look.hair == "tousled":
            pen.line(path, skin, build.limb)
            pen.line([path[0], path[1]], TROUSERS, build.limb * 1.25)
        else:
            pen.line(path, TROUSERS, build.limb * 1.25)
        foot_x, foot_y = path[-1]
        pen.ellipse(foot_x + 0.018, foot_y + build.limb * 0.12, build.limb * 0.8, build.limb * 0.42, SHOE)
    raised = [abs(limb[1]) > 150 for limb in pose.arms]  # these are drawn last: over the hair
    for i in (0, 1):
        if not raised[i]:
            _arm(pen, tint, look, skin, (x, top), pose.arms[i], i)
    pen.rect(x - 0.03, top - 0.04, x + 0.03, top + 0.03, mix(skin, INK, 0.15), 0.02)
    _torso(pen, tint, look, x, top, hip)
    if look.dress:
        _skirt(pen, tint, x, top + build.torso * 0.5, hip + build.leg * 0.8, 0.165)
    if look.hair == "toque":
        pen.rect(
            x - 0.07, hip - 0.06, x + 0.07, hip + 0.16, tint.light if tint.name != "white" else (206, 208, 218), 0.02
        )
        pen.rect(x - 0.086, hip - 0.07, x + 0.086, hip - 0.04, tint.dark)
    _face(pen, look, skin, hair, x, head_y)
    _hair_before(pen, look, hair, x, head_y)
    for i in (0, 1):
        if raised[i]:
            _arm(pen, tint, look, skin, (x, top), pose.arms[i], i)
    if state == "cooking":
        shoulder = (x + build.shoulders * 0.92, top + 0.045)
        _pan(pen, *_limb(shoulder, pose.arms[1], build.arm)[-1])


def _arm(pen: Pen, tint: Tint, look: Look, skin: RGB, neck: Point, limb: Limb, right: int) -> None:
    """One arm from its shoulder; children wear short sleeves."""
    build = look.build
    shoulder = (neck[0] + (1 if right else -1) * build.shoulders * 0.92, neck[1] + 0.045)
    path = _limb(shoulder, limb, build.arm)
    pen.line(path, skin, build.limb * 0.86)
    sleeve = path[:2] if build is CHILD else [*path[:2], _end(path[1], limb[1], build.arm * 0.7)]
    pen.line(sleeve, mix(tint.base, tint.dark, 0.45), build.limb)


def _pan(pen: Pen, x: float, y: float) -> None:
    """A frying pan held in the hand at (x, y), with an egg leaping from it."""
    pen.rect(x - 0.04, y - 0.02, x + 0.06, y + 0.005, INK, 0.01)
    pen.pie(x + 0.0, y - 0.03, 0.1, 0.065, 0, 180, INK)
    pen.ellipse(x, y - 0.13, 0.075, 0.036, WHITE, -12)
    pen.ellipse(x, y - 0.14, 0.036, 0.026, (250, 190, 40))


def _sitting(pen: Pen, tint: Tint, look: Look) -> None:
    """Cross-legged on the ground, hands on the knees; a little larger than on their feet, to fill the box."""
    build = replace(look.build, head=look.build.head * 1.2, torso=look.build.torso * 1.2)
    look = replace(look, build=build)
    skin, hair = _complexion(tint, look.first)
    x, hip = MIDDLE, 0.9
    top = hip - build.torso - 0.04
    head_y = top - build.head * 0.86
    _hair_behind(pen, look, hair, x, head_y)
    cloth = tint.dark if look.dress else TROUSERS
    wide = build.limb * 1.5
    for side in (-1, 1):
        path = [(x + side * 0.07, hip), (x + side * 0.19, 0.92), (x - side * 0.06, 0.955)]
        pen.line(path, cloth, wide)
        pen.ellipse(x - side * 0.1, 0.965, 0.055, 0.032, SHOE)
    for side in (-1, 1):
        path = [
            (x + side * build.shoulders * 0.92, top + 0.045),
            (x + side * 0.18, top + 0.19),
            (x + side * 0.15, 0.85),
        ]
        pen.line(path, skin, build.limb * 0.86)
        pen.line(path[:2], mix(tint.base, tint.dark, 0.45), build.limb)
    pen.rect(x - 0.03, top - 0.04, x + 0.03, top + 0.03, mix(skin, INK, 0.15), 0.02)
    _torso(pen, tint, look, x, top, hip)
    if look.dress:
        pen.blob(
            [
                (x - 0.07, hip - 0.1),
                (x + 0.07, hip - 0.1),
                (x + 0.2, hip),
                (x + 0.12, hip + 0.06),
                (x - 0.12, hip + 0.06),
                (x - 0.2, hip),
            ],
            tint.base,
        )
    _face(pen, look, skin, hair, x, head_y)
    _hair_before(pen, look, hair, x, head_y)


def _person(pen: Pen, tint: Tint, look: Look, state: str) -> None:
    if state == "sitting":
        _sitting(pen, tint, look)
    else:
        _standing(pen, tint, look, state)


def man(pen: Pen, tint: Tint, state: str) -> None:
    _person(pen, tint, MAN, state)


def woman(pen: Pen, tint: Tint, state: str) -> None:
    _person(pen, tint, LADY, state)


def boy(pen: Pen, tint: Tint, state: str) -> None:
    _person(pen, tint, LAD, state)


def girl(pen: Pen, tint: Tint, state: str) -> None:
    _person(pen, tint, LASS, state)


def chef(pen: Pen, tint: Tint, state: str) -> None:
    _person(pen, tint, COOK, state)


def _baby_head(pen: Pen, skin: RGB, hair: RGB, x: float, y: float, asleep: bool = False) -> None:
    """A large head with one curl and a dummy in its mouth."""
    for side in (-1, 1):
        pen.circle(x + side * 0.26, y + 0.03, 0.06, skin)
    pen.ellipse(x, y, 0.27, 0.25, skin)
    pen.arc(x + 0.02, y - 0.22, 0.06, 0.055, 90, 330, hair, 0.045)
    for side in (-1, 1):
        if asleep:
            pen.arc(x + side * 0.11, y, 0.045, 0.035, 10, 170, INK, 0.02)
        else:
            pen.circle(x + side * 0.11, y, 0.036, INK)
        pen.circle(x + side * 0.17, y + 0.09, 0.04, mix(skin, (240, 90, 90), 0.4))
    pen.ellipse(x, y + 0.12, 0.075, 0.05, (92, 190, 214))
    pen.circle(x, y + 0.12, 0.03, WHITE)


def baby(pen: Pen, tint: Tint, state: str) -> None:
    skin, hair = _complexion(tint, 2)
    if state == "sleeping":
        pen.rect(0.02, 0.52, 0.5, 0.94, WHITE, 0.12)
        _baby_head(pen, skin, hair, 0.32, 0.68, asleep=True)
        pen.blob(
            [(0.3, 0.98), (0.42, 0.84), (0.5, 0.68), (0.7, 0.64), (0.92, 0.78), (0.94, 0.98), (0.6, 1.0)], tint.base
        )
        pen.blob([(0.32, 0.96), (0.44, 0.84), (0.52, 0.7), (0.6, 0.7), (0.54, 0.86), (0.42, 0.99)], tint.light)
        dreaming(pen, 0.5, 0.38, 0.13)
        return
    if state == "crawling":
        pen.line([(0.26, 0.84), (0.1, 0.94)], tint.dark, 0.12)
        pen.line([(0.66, 0.66), (0.78, 0.92)], mix(skin, INK, 0.14), 0.1)
        pen.blob(
            [
                (0.06, 0.72),
                (0.14, 0.52),
                (0.36, 0.48),
                (0.64, 0.5),
                (0.72, 0.66),
                (0.56, 0.84),
                (0.3, 0.94),
                (0.12, 0.9),
            ],
            tint.base,
        )
        pen.line([(0.3, 0.84), (0.36, 0.94), (0.14, 0.94)], tint.base, 0.12)
        pen.circle(0.08, 0.94, 0.06, skin)
        pen.line([(0.54, 0.64), (0.54, 0.94)], tint.dark, 0.11)
        pen.circle(0.56, 0.94, 0.06, skin)
        _baby_head(pen, skin, hair, 0.64, 0.29)
        return
    for side in (-1, 1):
        pen.line([(0.475 + side * 0.16, 0.62), (0.475 + side * 0.36, 0.7)], tint.dark, 0.12)
        pen.circle(0.475 + side * 0.4, 0.71, 0.065, skin)
    pen.blob(
        [(0.475, 0.5), (0.66, 0.56), (0.74, 0.82), (0.66, 0.98), (0.29, 0.98), (0.21, 0.82), (0.29, 0.56)], tint.base
    )
    pen.ellipse(0.475, 0.76, 0.11, 0.12, tint.light)
    for side in (-1, 1):
        pen.line([(0.475 + side * 0.18, 0.9), (0.475 + side * 0.34, 0.92)], tint.dark, 0.15)
        pen.ellipse(0.475 + side * 0.39, 0.89, 0.07, 0.1, skin)
    _baby_head(pen, skin, hair, 0.475, 0.28)


DRAWINGS: dict[str, Drawing] = {
    "man": man,
    "woman": woman,
    "boy": boy,
    "girl": girl,
    "baby": baby,
    "chef": chef,
}
