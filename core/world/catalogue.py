"""What the illustrated world holds: its kinds of things with their names, and the places they are found in.

Pure data: nothing here draws, chooses or writes sentences.
"""

# ruff: noqa: E501 (a table is read best with one kind a line)

from dataclasses import dataclass, field

ANY = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


@dataclass(frozen=True)
class Surface:
    """Where other things can be put: on top (`y`, between `x0` and `x1`), in heights of the object's own box."""

    x0: float
    x1: float
    y: float


@dataclass(frozen=True)
class Kind:
    """One kind of thing. Every word here may occur in captions.

    `size` is the height of a medium one as a share of the picture's height; `aspect` its width / height.
    `habitats`: where it can stand: land (outdoors), floor (indoors), water, sky, top (on a table or another surface).
    `states`: what it may be doing, besides nothing worth saying; words in -ing follow the noun, others precede it.
    `on`: a surface other things can be put on; `shelter`: it is tall and open enough for things to stand under it.
    """

    name: str
    plural: str
    synonyms: tuple[tuple[str, str], ...]  # (singular, plural)
    broader: tuple[tuple[str, str], ...]  # (singular, plural)
    group: str
    aspect: float
    size: float
    habitats: tuple[str, ...]
    colours: tuple[str, ...]
    states: tuple[str, ...] = ()
    on: Surface | None = None
    shelter: bool = False


def _words(names: str) -> tuple[tuple[str, str], ...]:
    """ "puppy/puppies, hound" -> (("puppy", "puppies"), ("hound", "hounds")); "sheep/sheep" for irregular plurals."""
    pairs = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        singular, _, plural = name.partition("/")
        pairs.append((singular, plural or singular + "s"))
    return tuple(pairs)


def _kind(name: str, synonyms: str, broader: str, group: str, aspect: float, size: float, habitats: str,
          colours: tuple[str, ...], states: tuple[str, ...] = (), on: Surface | None = None, shelter: bool = False) -> Kind:  # fmt: skip
    ((singular, plural),) = _words(name)
    return Kind(singular, plural, _words(synonyms), _words(broader), group, aspect, size,
                tuple(habitats.split()), colours, states, on, shelter)  # fmt: skip


FUR = ("brown", "black", "white", "grey", "orange")
PERSON = (*BRIGHT, "black", "white", "grey")  # the colour of their clothes
# fmt: off
KINDS: tuple[Kind, ...] = (
    # animals
    _kind("dog", "puppy/puppies", "pet, animal", "animal", 1.25, .24, "land floor", FUR, ("sitting", "running", "sleeping")),
    _kind("cat", "kitten", "pet, animal", "animal", 1.15, .20, "land floor top", FUR, ("sitting", "sleeping")),
    _kind("horse", "pony/ponies", "animal", "animal", 1.20, .36, "land", ("brown", "black", "white", "grey"), ("running", "grazing")),
    _kind("cow", "bull", "cattle/cattle, animal", "animal", 1.45, .30, "land", ("brown", "black", "white"), ("grazing",)),
    _kind("sheep/sheep", "lamb", "animal", "animal", 1.25, .22, "land", ("white", "black", "grey"), ("grazing",)),
    _kind("pig", "piglet", "animal", "animal", 1.45, .20, "land", ("pink", "brown", "black")),
    _kind("rabbit", "bunny/bunnies", "pet, animal", "animal", .90, .17, "land floor", ("white", "brown", "grey", "black"), ("jumping",)),
    _kind("bird", "songbird", "animal", "animal", 1.20, .14, "land sky top", ("red", "yellow", "blue", "green", "brown", "black"), ("flying",)),
    _kind("duck", "duckling", "bird, animal", "animal", 1.15, .16, "land water", ("yellow", "white", "brown", "green"), ("swimming",)),
    _kind("chicken", "hen", "bird, animal", "animal", 1.0, .17, "land", ("white", "brown", "red")),
    _kind("penguin", "seabird", "bird, animal", "animal", .65, .24, "land", ("black", "blue"), ("waving",)),
    _kind("owl", "nightbird", "bird, animal", "animal", .72, .18, "land top", ("brown", "white", "grey")),
    _kind("elephant", "jumbo", "animal", "animal", 1.35, .42, "land", ("grey", "pink"), ("walking",)),
    _kind("giraffe", "camelopard", "animal", "animal", .72, .56, "land", ("yellow", "orange"), ("eating",)),
    _kind("lion", "lioness/lionesses", "wildcat, animal", "animal", 1.35, .28, "land", ("yellow", "orange", "brown"), ("roaring", "sleeping")),
    _kind("bear", "cub", "animal", "animal", 1.30, .30, "land", ("brown", "black", "white"), ("standing", "sleeping")),
    _kind("frog", "toad", "animal", "animal", 1.2, .13, "land top", ("green", "orange", "blue"), ("jumping",)),
    _kind("turtle", "tortoise", "reptile, animal", "animal", 1.6, .13, "land water", ("green", "brown"), ("swimming",)),
    _kind("butterfly/butterflies", "moth", "insect, animal", "animal", 1.15, .13, "sky", BRIGHT),
    _kind("fish/fish", "goldfish/goldfish", "animal", "animal", 1.5, .12, "water", ("orange", "blue", "yellow", "red"), ("jumping",)),
    # people (the colour is that of their clothes)
    _kind("man/men", "guy", "person/people, adult", "person", .50, .38, "land floor", PERSON, ("waving", "running", "sitting", "dancing")),
    _kind("woman/women", "lady/ladies", "person/people, adult", "person", .50, .37, "land floor", PERSON, ("waving", "running", "sitting", "dancing")),
    _kind("boy", "lad", "kid, child/children, person/people", "person", .50, .29, "land floor", PERSON, ("waving", "running", "sitting", "jumping")),
    _kind("girl", "lass/lasses", "kid, child/children, person/people", "person", .50, .29, "land floor", PERSON, ("waving", "running", "sitting", "jumping")),
    _kind("baby/babies", "infant", "child/children, person/people", "person", .95, .18, "land floor top", PERSON, ("sleeping", "crawling")),
    _kind("chef", "cook", "worker, person/people", "person", .50, .37, "land floor", ("white", "black", "red"), ("cooking",)),
    # vehicles
    _kind("car", "automobile", "vehicle", "vehicle", 2.0, .20, "land", ANY),
    _kind("bus/buses", "coach/coaches", "vehicle", "vehicle", 2.0, .27, "land", (*BRIGHT, "white")),
    _kind("truck", "lorry/lorries", "vehicle", "vehicle", 1.85, .26, "land", (*BRIGHT, "white", "black", "grey")),
    _kind("taxi", "cab", "car, vehicle", "vehicle", 2.0, .20, "land", ("yellow", "black")),
    _kind("bicycle", "bike", "cycle, vehicle", "vehicle", 1.6, .22, "land", (*BRIGHT, "black")),
    _kind("motorcycle", "motorbike", "vehicle", "vehicle", 1.65, .22, "land", (*BRIGHT, "black")),
    _kind("train", "locomotive", "vehicle", "vehicle", 2.3, .25, "land", ("red", "blue", "green", "black", "orange")),
    _kind("tractor", "plough", "vehicle", "vehicle", 1.3, .28, "land", ("red", "green", "blue", "yellow")),
    _kind("boat", "sailboat", "ship, vessel", "vehicle", 1.0, .32, "water", ANY),
    _kind("canoe", "kayak", "boat, vessel", "vehicle", 3.2, .11, "water", (*BRIGHT, "brown")),
    _kind("airplane", "plane", "aircraft/aircraft", "vehicle", 2.2, .17, "sky", ("white", "red", "blue", "yellow", "grey")),
    _kind("helicopter", "chopper", "aircraft/aircraft", "vehicle", 1.9, .18, "sky", (*BRIGHT, "white", "black")),
    _kind("rocket", "spaceship", "spacecraft/spacecraft", "vehicle", .45, .32, "sky land", ("red", "white", "blue", "grey"), ("flying",)),
    # food
    _kind("apple", "pippin", "fruit/fruit, food/food", "food", .95, .12, "top", ("red", "green", "yellow")),
    _kind("banana", "plantain", "fruit/fruit, food/food", "food", 1.5, .11, "top", ("yellow", "green")),
    _kind("pear", "bartlett", "fruit/fruit, food/food", "food", .75, .14, "top", ("green", "yellow")),
    _kind("strawberry/strawberries", "berry/berries", "fruit/fruit, food/food", "food", .85, .11, "top", ("red", "pink")),
    _kind("watermelon", "melon", "fruit/fruit, food/food", "food", 1.6, .13, "top", ("green",), ("sliced",)),
    _kind("carrot", "root", "vegetable, food/food", "food", 2.2, .08, "top", ("orange", "purple")),
    _kind("pizza", "pie", "meal, food/food", "food", 1.9, .11, "top", ("yellow", "red")),
    _kind("cake", "gateau/gateaus", "dessert, food/food", "food", 1.1, .17, "top", ("pink", "white", "brown", "yellow"), ("sliced",)),
    _kind("sandwich/sandwiches", "toastie", "snack, meal, food/food", "food", 1.6, .11, "top", ("brown", "white")),
    _kind("hamburger", "burger", "meal, food/food", "food", 1.15, .14, "top", ("brown",)),
    _kind("donut", "doughnut", "dessert, snack, food/food", "food", 1.3, .11, "top", ("pink", "brown", "white", "blue")),
    _kind("cup", "mug", "drink, dishware/dishware", "food", 1.1, .12, "top", ANY, ("steaming",)),
    _kind("bottle", "flask", "drink, container", "food", .36, .19, "top", ("green", "blue", "red", "brown", "white")),
    _kind("teapot", "kettle", "dishware/dishware", "food", 1.35, .15, "top", (*BRIGHT, "white"), ("steaming",)),
    # furniture and household things
    _kind("chair", "seat", "furniture/furniture", "furniture", .62, .30, "floor land", ANY, (), Surface(.08, .56, .52)),
    _kind("sofa", "couch/couches", "furniture/furniture", "furniture", 2.0, .27, "floor", ANY, (), Surface(.28, 1.72, .58)),
    _kind("table", "desk", "furniture/furniture", "furniture", 1.8, .25, "floor land", ("brown", "white", "black", "red", "blue", "green"), (), Surface(.08, 1.72, .07), True),
    _kind("bed", "mattress/mattresses", "furniture/furniture", "furniture", 2.1, .25, "floor", (*BRIGHT, "white", "grey"), (), Surface(.45, 1.85, .50)),
    _kind("bench/benches", "pew", "seat, furniture/furniture", "furniture", 1.9, .22, "land", ("brown", "green", "red", "white", "blue"), (), Surface(.12, 1.78, .55)),
    _kind("lamp", "lantern", "light, furniture/furniture", "furniture", .50, .38, "floor", (*BRIGHT, "white", "black"), ("lit",)),
    _kind("bookcase", "bookshelf/bookshelves", "shelf/shelves, furniture/furniture", "furniture", .80, .45, "floor", ("brown", "white", "black", "red", "blue", "green")),
    _kind("television", "tv", "screen, electronics/electronics", "furniture", 1.4, .24, "floor top", ("black", "red", "white", "grey")),
    _kind("clock", "timepiece", "instrument", "object", .95, .15, "top", ANY, ("ringing",)),
    _kind("vase", "urn", "container", "object", .60, .18, "top", ANY),
    _kind("candle", "taper", "light", "object", .50, .15, "top", (*BRIGHT, "white"), ("burning",)),
    _kind("book", "novel", "reading/reading", "object", 1.35, .11, "top", ANY, ("open",)),
    _kind("laptop", "computer", "electronics/electronics", "object", 1.45, .15, "top", ("grey", "black", "white", "pink")),
    _kind("camera", "camcorder", "electronics/electronics", "object", 1.35, .12, "top", ("black", "grey", "red", "blue", "brown")),
    _kind("umbrella", "parasol", "shade", "object", 1.0, .38, "land", ANY, (), None, True),
    _kind("suitcase", "trunk", "luggage/luggage, bag", "object", .85, .22, "land floor", ANY),
    _kind("backpack", "rucksack", "luggage/luggage, bag", "object", .80, .20, "land floor", ANY),
    _kind("hat", "cap", "clothing/clothing", "object", 1.6, .11, "top", ANY),
    _kind("gift", "present", "box/boxes", "object", 1.0, .15, "land floor top", (*BRIGHT, "white")),
    _kind("guitar", "ukulele", "instrument", "object", .42, .32, "floor land", ("brown", "red", "black", "blue", "yellow", "white")),
    _kind("drum", "tambour", "instrument", "object", 1.1, .17, "floor land", (*BRIGHT, "white")),
    # toys and sports
    _kind("ball", "sphere", "toy", "play", 1.0, .12, "land floor top", (*BRIGHT, "white", "black")),
    _kind("football", "soccerball", "ball, toy", "play", 1.0, .13, "land floor", ("white", "yellow", "orange")),
    _kind("teddy/teddies", "plushie", "bear, toy", "play", .85, .19, "floor top land", ("brown", "white", "pink", "grey", "orange")),
    _kind("robot", "android", "toy, machine", "play", .75, .24, "floor land top", ("grey", "red", "blue", "green", "orange")),
    _kind("kite", "sail", "toy", "play", .85, .24, "sky", BRIGHT),
    _kind("balloon", "inflatable", "toy, decoration", "play", .50, .24, "sky floor", (*BRIGHT, "white", "black")),
    _kind("skateboard", "board", "toy", "play", 2.8, .09, "land floor", (*BRIGHT, "black", "brown"), (), Surface(.4, 2.4, .30)),
    _kind("surfboard", "longboard", "board", "play", .32, .36, "land", (*BRIGHT, "white")),
    _kind("snowman/snowmen", "snowperson/snowpeople", "figure", "play", .65, .32, "land", ("white",), ("melting",)),
    _kind("sled", "sledge", "toy", "play", 1.9, .14, "land", ("red", "blue", "green", "brown", "yellow"), (), Surface(.35, 1.6, .45)),
    # plants and ground
    _kind("tree", "oak", "plant", "plant", .85, .50, "land", ("green", "orange", "red", "yellow", "pink"), ("bare",), None, True),
    _kind("pine", "fir", "tree, plant", "plant", .60, .50, "land", ("green", "blue"), ("snowy",), None, True),
    _kind("palm", "coconut", "tree, plant", "plant", .80, .52, "land", ("green",), (), None, True),
    _kind("cactus/cactuses", "succulent", "plant", "plant", .70, .30, "land top", ("green",), ("blooming",)),
    _kind("flower", "blossom", "plant", "plant", .55, .19, "land top", (*BRIGHT, "white")),
    _kind("sunflower", "helianthus/helianthuses", "flower, plant", "plant", .50, .32, "land", ("yellow", "orange")),
    _kind("mushroom", "toadstool", "fungus/fungi", "plant", .95, .14, "land", ("red", "brown", "white", "purple")),
    _kind("bush/bushes", "shrub", "plant", "plant", 1.4, .20, "land", ("green", "pink", "red", "yellow"), ()),
    _kind("pumpkin", "gourd", "vegetable, food/food", "plant", 1.2, .14, "land top", ("orange", "white", "green"), ("carved",)),
    # buildings
    _kind("house", "home", "building", "building", 1.05, .44, "land", (*BRIGHT, "white", "brown", "grey")),
    _kind("barn", "stable", "building", "building", 1.25, .42, "land", ("red", "brown", "white", "green")),
    _kind("castle", "fortress/fortresses", "building", "building", 1.15, .50, "land", ("grey", "brown", "pink", "blue", "white")),
    _kind("church/churches", "chapel", "building", "building", .80, .52, "land", ("white", "grey", "brown", "yellow")),
    _kind("lighthouse", "beacon", "tower, building", "building", .45, .56, "land", ("red", "blue", "black", "green"), ("shining",)),
    _kind("skyscraper", "tower", "building", "building", .45, .62, "land", ("blue", "grey", "green", "brown", "orange")),
    _kind("windmill", "mill", "building", "building", .95, .50, "land", ("white", "brown", "red", "grey")),
    _kind("tent", "teepee", "shelter", "building", 1.3, .28, "land", (*BRIGHT, "brown", "white")),
    _kind("fence", "railing", "barrier", "building", 2.6, .15, "land", ("white", "brown", "grey", "green")),
    # the sky (the sun by day and at sunset, the moon and stars at night)
    _kind("sun", "sunshine", "star", "sky", 1.0, .17, "sky", ("yellow", "orange", "red")),
    _kind("moon", "moonlight", "satellite", "sky", 1.0, .15, "sky", ("white", "yellow", "orange"), ("crescent",)),
    _kind("star", "starlight", "light", "sky", 1.0, .09, "sky", ("yellow", "white")),
    _kind("cloud", "cumulus/cumuli", "weather/weather", "sky", 1.8, .13, "sky", ("white", "grey", "pink"), ("raining",)),
    _kind("rainbow", "arc", "weather/weather", "sky", 2.0, .28, "sky", ()),
)
# fmt: on

KIND_BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Place:
    """Where a scene happens: outdoors with a sky (and perhaps water), or a room.

    `horizon`: where the ground (or floor) begins, as a share of the picture's height; `habitats`: what can stand there;
    `phrases`: how captions say it; `words`: the nouns in them, for judging terms.
    """

    name: str
    indoors: bool
    horizon: float
    habitats: tuple[str, ...]
    phrases: tuple[str, ...]
    times: tuple[str, ...] = ("day", "sunset", "night")
    words: tuple[str, ...] = field(default=())


def _place(name: str, horizon: float, habitats: str, phrases: str, words: str, indoors: bool = False) -> Place:
    return Place(
        name, indoors, horizon, tuple(habitats.split()), tuple(p.strip() for p in phrases.split(",")),
        ("day",) if indoors else ("day", "sunset", "night"), tuple(words.split()),
    )  # fmt: skip


# The noun of every phrase is the place itself; "room", "nature" and "outdoors" are its broader words.
PLACES: tuple[Place, ...] = (
    _place("beach", 0.62, "land sky", "on the beach, on a sandy beach, at the seaside", "beach seaside sand shore"),
    _place("sea", 0.46, "water sky", "on the sea, on the water, in the ocean", "sea ocean water"),
    _place("meadow", 0.55, "land sky", "in a meadow, in a grassy field, on the grass", "meadow field grass"),
    _place("forest", 0.60, "land sky", "in a forest, in the woods, among the trees", "forest woods trees"),
    _place("desert", 0.58, "land sky", "in the desert, on sand dunes", "desert dunes sand"),
    _place("mountains", 0.60, "land sky", "in the mountains, in front of snowy peaks", "mountains peaks hills"),
    _place("snow", 0.56, "land sky", "in the snow, in a winter landscape, on a snowy day", "snow winter"),
    _place("street", 0.60, "land sky", "on a street, on the road, in a town", "street road town"),
    _place("city", 0.66, "land sky", "in the city, downtown, before a skyline", "city downtown skyline"),
    _place("park", 0.58, "land sky", "in a park, in a public garden", "park garden path"),
    _place("farm", 0.56, "land sky", "on a farm, on farmland, in the countryside", "farm farmland countryside"),
    _place("kitchen", 0.66, "floor", "in a kitchen, in the cookhouse", "kitchen cookhouse room", True),
    _place("living room", 0.66, "floor", "in a living room, in a lounge", "living room lounge", True),
    _place("bedroom", 0.66, "floor", "in a bedroom, in a guest room", "bedroom guest room", True),
    _place("office", 0.66, "floor", "in an office, in a study", "office study room", True),
)

PLACE_BY_NAME: dict[str, Place] = {place.name: place for place in PLACES}
TIMES: dict[str, tuple[str, ...]] = {
    "day": ("by day", "in daylight"),
    "sunset": ("at sunset", "in the evening", "at dusk"),
    "night": ("at night", "after dark", "under a night sky"),
}
