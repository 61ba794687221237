"""Questions as people type them, to the built-in world: what each is understood as, finds, must not find, or says.

A row is a question and what is expected of its first ten pictures. Where the row does not say otherwise, no picture may
have a thing that is left out, by the records of the scenes, and nothing may be said of slips and signs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import QueryError
from core.library.world_folder import world_path
from core.models.model import Model
from core.models.registry import load_model
from core.search.query import Query
from core.search.search import search
from core.world.words import LEMMAS, MEANINGS
from index_store.folder.collection import Collection

FIRST = 10
ON_TEXT = {
    "corrected",
    "did you mean",
    "unknown thing",
    "only without",
    "factor",
    "brackets",
}  # remarks on how it was understood


@dataclass(frozen=True)
class Row:
    """`spoken`: what the encoder is told, None: the question itself. `without`, `must`: the rules, in order.

    `finds`: most of the first ten have this thing, and the first one does. `says`: kinds of remarks on the text.
    `terms`: {term: least weight}, below 0 the greatest. `refused`: a part of the sentence that refuses it.
    """

    asked: str
    spoken: str | None = None
    without: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    finds: str = ""
    says: tuple[str, ...] = ()
    terms: tuple[tuple[str, float], ...] = ()
    refused: str = ""


def without(asked: str, spoken: str, *things: str, finds: str = "") -> Row:
    return Row(asked, spoken, things, finds=finds, says=() if spoken else ("only without",))


def plain(asked: str, finds: str = "") -> Row:
    return Row(asked, finds=finds)


def meant(asked: str, spoken: str, finds: str = "") -> Row:
    return Row(asked, spoken, finds=finds, says=("corrected",))


def refused(asked: str, reason: str = "holds no word") -> Row:
    return Row(asked, refused=reason)


ROWS = [
    # minus
    without("-dog", "", "dog"),
    without("-dogs", "", "dog"),
    without("cat -dog", "cat", "dog", finds="cat"),
    without("dog -cat", "dog", "cat", finds="dog"),
    without("-dog cat", "cat", "dog", finds="cat"),
    without("cat, -dog", "cat,", "dog", finds="cat"),
    without("-dog, cat", "cat", "dog", finds="cat"),
    without("a house -tree -car", "a house", "tree", "car", finds="house"),
    without('man -"red hat"', "man", "red hat", finds="man"),
    without("man -(red hat)", "man", "red hat", finds="man"),
    without("–dog cat", "cat", "dog", finds="cat"),
    without("−dog cat", "cat", "dog", finds="cat"),
    without("cat -🐶", "cat", "dog", finds="cat"),
    without("cat -dóg", "cat", "dog", finds="cat"),
    without("cat -DOG", "cat", "dog", finds="cat"),
    without("horse -pony", "horse", "pony"),
    without("animal -cat -dog -bird", "animal", "cat", "dog", "bird", finds="animal"),
    without("vehicle -car", "vehicle", "car", finds="vehicle"),
    Row("cat -elefant", "cat", ("elephant",), finds="cat", says=("corrected",)),
    Row("cat -qwertz", "cat", finds="cat", says=("unknown thing",)),
    refused("-qwertz", "knows none of the words"),
    without("cat NOT dog", "cat", "dog", finds="cat"),
    without("cat AND NOT dog", "cat", "dog", finds="cat"),
    without("cat NOT a dog", "cat", "dog", finds="cat"),
    # plain words
    without("no dogs", "", "dog"),
    without("No dogs!", "", "dog"),
    without("NO DOGS", "", "dog"),
    without("not a dog", "", "dog"),
    without("without dogs", "", "dog"),
    without("no dogs please", "", "dog"),
    without("0 dogs", "", "dog"),
    without("a street without cars", "a street", "car"),
    without("a street without any cars", "a street", "car"),
    without("a street without cars at night", "a street at night", "car"),
    without("a street with no cars", "a street", "car"),
    without("cats but no dogs", "cats", "dog", finds="cat"),
    without("a cat, not a dog", "a cat,", "dog", finds="cat"),
    without("there are no dogs on the beach", "on the beach", "dog"),
    without("a beach that has no people", "a beach", "person"),
    without("a beach with nobody on it", "a beach", "person"),
    without("a house with no one in it", "a house", "person", finds="house"),
    without("a house without a tree or a car", "a house", "tree", "car", finds="house"),
    without("a house without trees and cars", "a house", "tree", "car", finds="house"),
    without("no cats or dogs", "", "cat", "dog"),
    without("neither cats nor dogs", "", "cat", "dog"),
    without("no cats, no dogs", "", "cat", "dog"),
    without("no cats and a dog", "a dog", "cat", finds="dog"),
    without("a man without a red hat", "a man", "red hat", finds="man"),
    without("a man not wearing a hat", "a man", "hat", finds="man"),
    without("a man who doesn't have a hat", "a man", "hat", finds="man"),
    without("a man who isn’t wearing a hat", "a man", "hat", finds="man"),
    without("a man without a hat running", "a man running", "hat", finds="man"),
    without("vehicles except cars", "vehicles", "car", finds="vehicle"),
    without("vehicles except for cars", "vehicles", "car", finds="vehicle"),
    without("a room that hasn't got a sofa", "a room", "sofa"),
    without("a house with no trees at all", "a house", "tree", finds="house"),
    without("a beach sans people", "a beach", "person"),
    without("house; no trees", "house", "tree", finds="house"),
    without("a house—no trees", "a house", "tree", finds="house"),
    without('car NOT "red car"', "car", "red car"),
    without("a car-free street", "a street", "car"),
    Row("a car that is not red", "a car", finds="car", terms=(("red", -1.0),)),
    # idioms, and no negation
    plain("a no smoking sign"),
    plain("not only dogs", finds="dog"),
    plain("nothing but dogs"),
    plain("no doubt a dog"),
    plain("with or without dogs"),
    plain("a snowman", finds="snowman"),
    plain("a notebook"),
    plain("a knot"),
    plain("no"),
    plain("without"),
    plain("a room, no. 5"),
    Row('"no dogs"', "no dogs"),
    Row("“no dogs”", "no dogs"),
    Row('"a cat -dog"', "a cat -dog"),
    # what must be there
    Row("+dog a beach", "dog a beach", must=("dog",), finds="dog"),
    Row("a beach +dogs", "a beach dogs", must=("dog",), finds="dog"),
    Row("+cat +sofa", "cat sofa", must=("cat", "sofa"), finds="cat"),
    Row("+cat -sofa", "cat", ("sofa",), ("cat",), finds="cat"),
    Row("cat AND sofa", "cat and sofa", must=("cat", "sofa"), finds="cat"),
    Row("a cat AND a sofa", "a cat and a sofa", must=("cat", "sofa"), finds="cat"),
    Row("cat OR dog", "cat or dog"),
    Row('+"red car"', "red car", must=("red car",), finds="car"),
    Row("+qwertz cat", "qwertz cat", finds="cat", says=("unknown thing",)),
    plain("A CAT AND A DOG"),
    plain("a + b"),
    # weights
    Row("cat^2 dog", "cat dog", terms=(("cat", 2.5),)),
    Row("2:cat dog", "cat dog", terms=(("cat", 2.5),)),
    Row("cat^0.1 dog", "cat dog", finds="dog"),
    Row("cat^.1 dog", "cat dog", finds="dog"),
    Row('dog "red hat"^2', "dog red hat", terms=(("hat", 2.5),)),
    Row("a dog^", "a dog", finds="dog"),
    Row("dog^x", "dog", finds="dog"),
    Row("cat dog^-1", "cat", terms=(("dog", -1.0),), finds="cat"),
    Row("dog^-1", "", ("dog",), says=("only without",)),
    Row("dog^99", "dog", finds="dog", says=("factor",), terms=(("dog", 10.0),)),
    refused("dog^0", "switched off"),
    # misspellings
    meant("elefant", "elephant", finds="elephant"),
    meant("an elefant", "an elephant", finds="elephant"),
    meant("dgo", "dog", finds="dog"),
    meant("a giraf", "a giraffe", finds="giraffe"),
    meant("umbrela", "umbrella", finds="umbrella"),
    meant("a bycicle", "a bicycle", finds="bicycle"),
    meant("a buterfly", "a butterfly", finds="butterfly"),
    meant("teh dog", "the dog", finds="dog"),
    meant("a reddog", "a red dog", finds="dog"),
    meant("elefants", "elephants", finds="elephant"),
    plain("a poodle", finds="dog"),
    plain("a zebra"),
    refused('"elefant"', "knows none of the words"),
    refused("qwertzuiop", "knows none of the words"),
    # letters, emoji, numbers
    Row("dóg", "dog", finds="dog"),
    Row("ｄｏｇ", "dog", finds="dog"),
    plain("DOG", finds="dog"),
    Row("🐶", "dog", finds="dog"),
    Row("🚗", "automobile", finds="car"),
    Row("☂️", "umbrella", finds="umbrella"),
    Row("a dog 🙂", "a dog slightly smiling face"),
    Row("3 dogs", "three dogs", finds="dog"),
    Row("2 cats and 1 dog", "two cats and one dog"),
    plain("two\ndogs\tand a cat"),
    plain("a dog!!!", finds="dog"),
    plain("a (brown) dog", finds="dog"),
    plain("a dog - a cat"),
    plain("black-and-white cat", finds="cat"),
    plain("a t-shirt"),
    plain("dog/cat"),
    plain("anna@example.com has a dog"),
    plain("https://example.com/-dog"),
    plain("a dog at 10:30", finds="dog"),
    plain("2:1 dog"),
    plain("-5 degrees, snow"),
    plain("the dog's ball"),
    without("anything but cats", "", "cat"),
    without("!dog", "", "dog"),
    without("hat-less dog", "dog", "hat", finds="dog"),
    without("hatless dog", "dog", "hat", finds="dog"),
    Row("non-red car", "car", finds="car", terms=(("red", -1.0),)),
    plain("no man is an island"),
    Row("dog AND (cat OR bird)", "dog and cat or bird", must=("dog", "cat or bird")),
    Row("hourse", "horse", says=("corrected",)),
    Row("ŝip", "ship", finds="ship", says=("corrected",)),
    # but, other than, apart from
    without("everything but dogs", "", "dog"),
    without("anything except cars", "", "car"),
    without("all but trees", "", "tree"),
    without("anything other than a cat", "", "cat"),
    without("vehicles other than cars", "vehicles", "car", finds="vehicle"),
    without("everything apart from people", "", "person"),
    without("vehicles apart from trucks", "vehicles", "truck", finds="vehicle"),
    without("any vehicle but a car", "any vehicle", "car", finds="vehicle"),
    without("vehicles but not cars", "vehicles", "car", finds="vehicle"),
    without("something that is not a dog", "", "dog"),
    without("all animals besides dogs", "all animals", "dog", finds="animal"),
    without("any fruit save apples", "any fruit", "apple", finds="fruit"),
    plain("a dog besides a cat", finds="dog"),
    Row("a car that is anything but red", "a car that is anything", terms=(("red", -0.5),), finds="car"),
    Row("cars, but not black ones", "cars,", terms=(("black", -0.5),), finds="car"),
    without("a street w/o cars", "a street", "car"),
    without("house w/out trees", "house", "tree", finds="house"),
    without("anything that isn't a car", "", "car"),
    without("furniture aside from sofas", "furniture", "sofa", finds="furniture"),
    # free of
    without("a street free of cars", "a street", "car"),
    without("a beach empty of people", "a beach", "person"),
    without("a park devoid of trees", "a park", "tree"),
    without("a car free street", "a street", "car"),
    without("a room lacking a bed", "a room", "bed"),
    # signs of other languages
    without("cat !dog", "cat", "dog", finds="cat"),
    without("!dogs", "", "dog"),
    without('man !"red hat"', "man", "red hat", finds="man"),
    without("!(red car)", "", "red car"),
    Row("cat && sofa", "cat and sofa", must=("cat", "sofa"), finds="cat"),
    Row("cat || dog", "cat or dog"),
    Row("cat | dog", "cat or dog"),
    plain("a dog!"),
    plain("wow! dog", finds="dog"),
    # -less
    without("treeless street", "street", "tree"),
    without("a hatless man", "a man", "hat", finds="man"),
    without("a cloudless sky", "a sky", "cloud"),
    without("a carless street", "a street", "car"),
    without("a tree-less park", "a park", "tree"),
    plain("a homeless man"),
    plain("an endless road"),
    plain("wireless lamp"),
    plain("unless it rains"),
    # non-
    without("non-dog animals", "animals", "dog", finds="animal"),
    Row("a non-white house", "a house", finds="house", terms=(("white", -1.0),)),
    Row("non red car", "car", finds="car", terms=(("red", -1.0),)),
    Row("a not-red car", "a car", finds="car", terms=(("red", -1.0),)),
    without("non-car vehicles", "vehicles", "car", finds="vehicle"),
    plain("a non-stop train"),
    plain("a non-fiction book"),
    # sayings
    plain("no pain no gain"),
    plain("there's no place like home"),
    plain("no news is good news"),
    plain("no country for old men"),
    plain("all bark and no bite"),
    plain("no smoke without fire"),
    plain("leave no stone unturned"),
    plain("a rebel without a cause"),
    plain("not my cup of tea"),
    plain("no dog is a cat"),
    without("not a cloud in the sky", "in the sky", "cloud"),
    # brackets and OR
    Row("(cat OR dog) AND sofa", "cat or dog and sofa", must=("cat or dog", "sofa")),
    without("animal -(cat OR dog)", "animal", "cat", "dog", finds="animal"),
    without("animal NOT (cat OR dog)", "animal", "cat", "dog", finds="animal"),
    Row("+(cat OR dog) sofa", "cat or dog sofa", must=("cat or dog",)),
    Row("(cat OR dog)", "cat or dog"),
    # slips of several meanings, and letters
    Row("a hourse on grass", says=("did you mean",)),
    Row("éléphant", "elephant", finds="elephant"),
    meant("žheep", "sheep", finds="sheep"),
    Row("𝐜𝐚𝐭", "cat", finds="cat"),
    meant("ligthouse", "lighthouse", finds="lighthouse"),
    meant("brid", "bird", finds="bird"),
    Row("(cat AND dog) OR bird", "(cat and dog) or bird", must=("cat", "dog"), says=("brackets",)),
    Row("(a cat OR a dog)", "cat or dog"),
    # the same kinds, once more
    without("anything but dogs", "", "dog"),
    without("everything except people", "", "person"),
    without("any animal but a dog", "any animal", "dog", finds="animal"),
    without("anything which is not a tree", "", "tree"),
    without("fruit other than apples", "fruit", "apple", finds="fruit"),
    without("toys aside from balls", "toys", "ball", finds="toy"),
    without("all except houses", "", "house"),
    without("a road devoid of cars", "a road", "car"),
    without("a garden free of people", "a garden", "person"),
    without("a people-free beach", "a beach", "person"),
    without("house !tree", "house", "tree", finds="house"),
    without("!car !truck vehicle", "vehicle", "car", "truck", finds="vehicle"),
    without('!"black cat" cat', "cat", "black cat", finds="cat"),
    Row("dog && beach", "dog and beach", must=("dog", "beach")),
    plain("look out!"),
    without("a peopleless beach", "a beach", "person"),
    without("a birdless sky", "a sky", "bird"),
    without("a hat-less woman", "a woman", "hat", finds="woman"),
    plain("a careless child"),
    plain("seamless clothes"),
    plain("regardless of the weather"),
    Row("non-black dog", "dog", finds="dog", terms=(("black", -1.0),)),
    Row("a non-green tree", "a tree", finds="tree", terms=(("green", -1.0),)),
    plain("a non-smoking room"),
    plain("nonsense"),
    plain("no time like the present"),
    plain("no rest for the wicked"),
    plain("no guts, no glory"),
    plain("no tree is a house"),
    plain("there is no such thing as a free lunch"),
    without("not a tree in sight", "", "tree"),
    Row("sofa AND (dog OR cat)", "sofa and dog or cat", must=("sofa", "dog or cat")),
    without("vehicle -(car OR bus)", "vehicle", "car", "bus", finds="vehicle"),
    Row("(bird OR fish) -dog", "bird or fish", ("dog",)),
    Row("a shep on grass", says=("did you mean",)),
    meant("a penguïnn", "a penguin", finds="penguin"),
    Row("ĝiraffe", "giraffe", finds="giraffe"),
    # nothing
    refused("-"),
    refused("--"),
    refused("+"),
    refused("^"),
    refused('""'),
    refused("?!"),
    refused("犬", "knows none of the words"),
    refused("собака", "knows none of the words"),
    refused(" ", "no question"),
]


@dataclass(frozen=True)
class World:
    """The built-in world; `things` {id: names of what a scene's record has}."""

    model: Model
    collection: Collection
    things: dict[int, frozenset[str]]

    def has(self, item: int, thing: str) -> bool:
        """Whether the record tells that an item has a thing; of several words, its noun counts with its colour."""
        *colour, noun = thing.split()
        named = MEANINGS[LEMMAS.get(noun, noun)]
        return any((f"{colour[0]} {name}" if colour else name) in self.things[item] for name in named)


@pytest.fixture(scope="module")
def world(built_in_home: Path) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTWORDS_HOME", str(built_in_home))
        model = load_model()
        path = world_path(model)
    meta = json.loads((path.parent / "pictures" / "dataset_meta.json").read_text("utf-8"))
    scenes = {entry["filename"]: entry["scene"]["objects"] for entry in meta["images"]}
    with Collection.open(path) as collection:
        collection.load()
        things = {
            item.id: frozenset(
                name for one in scenes[Path(item.path).name] for name in (one["name"], f"{one['colour']} {one['name']}")
            )
            for item in collection.items(collection.ids())
        }
        yield World(model, collection, things)


def test_there_are_enough_questions() -> None:
    assert len(ROWS) >= 120 and len({row.asked for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[ascii(row.asked) for row in ROWS])
def test_a_typed_question(world: World, row: Row) -> None:
    query = Query(row.asked, kind="image", each=False, k=FIRST)
    if row.refused:
        with pytest.raises(QueryError, match=row.refused):
            search(world.model, world.collection, query)
        return
    result = search(world.model, world.collection, query)
    document = result.to_json()
    assert document["query"] == row.asked and result.exact
    assert document["spoken"] == (row.asked if row.spoken is None else row.spoken)
    assert [rule.thing for rule in result.rules if not rule.must] == list(row.without)
    assert [rule.thing for rule in result.rules if rule.must] == list(row.must)
    assert [one.kind for one in result.remarks if one.kind in ON_TEXT] == list(row.says)
    weights = {term.term: term.weight for term in result.terms}
    for term, least in row.terms:
        assert weights[term] <= least if least < 0 else weights[term] >= least
    for thing in row.without:
        assert not any(world.has(hit.id, thing) for hit in result.hits)
    if row.finds:
        found = [world.has(hit.id, row.finds) for hit in result.hits]
        assert found[0] and sum(found) >= 0.6 * FIRST
    if row.without:
        assert len(result.hits) == FIRST
