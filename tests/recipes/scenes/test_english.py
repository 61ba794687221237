"""English beside the world's own words: look-up, letters, files, teaching, and what the shipped model understands."""

import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy import float32
from numpy.typing import NDArray

from core.encoders.english import BUCKETS, EnglishWords, Strangeness, letter_groups, stems
from core.encoders.scenes import ImageTower, SceneEncoder, TextTower
from core.errors import ModelError
from core.models.registry import SCENES, load_model
from core.vocabulary import Vocabulary
from core.world.captions import captions
from core.world.catalogue import KINDS
from core.world.claims import claim_from_json
from core.world.composer import compose
from core.world.words import WORDS
from recipes.scenes.english import EnglishRecipe, teach
from recipes.scenes.english_figures import EnglishFigures, auroc, english_figures, precision, questions, wrong_nouns
from recipes.scenes.english_lessons import Rephrasing, believed_related_nouns
from recipes.scenes.related_nouns import plural, related_nouns
from recipes.scenes.similarity import IN_KIND, WORLD_NOUNS, NounSimilarity
from recipes.scenes.teacher import Teacher
from recipes.scenes.wordnet import WordNet
from tests.rounding import ROUNDING

DICTIONARY = Path("/usr/share/wordnet")
# Words of the questions that captions say, too, but that name nothing.
SMALL_WORDS = set(
    Vocabulary.words("a an the of in on with that is it and to at by for its s as what how after from or one who some")
)


@pytest.fixture
def english() -> EnglishWords:
    torch.manual_seed(0)
    strangeness = Strangeness(480, 3)
    strangeness.words.copy_(torch.tensor([0.25, 0.125, 0.875]))
    return EnglishWords(
        ("jog", "poodle", "tidy"), torch.randn(3, 160), torch.randn(BUCKETS, 160), strangeness, {"red", "and"}
    )


def test_inflected_words_lead_to_listed_ones(english: EnglishWords) -> None:
    found = {
        word: english.listed(word) for word in ("poodle", "poodles", "jogging", "jogged", "tidies", "poodling", "po")
    }
    assert found == {"poodle": 1, "poodles": 1, "jogging": 0, "jogged": 0, "tidies": 2, "poodling": 1, "po": None}
    assert "poodles" in english and "noodles" not in english
    assert torch.equal(english.row("jogging"), english.rows[0])
    assert "s" not in stems("s") and list(stems("is")) == []


def test_other_words_are_the_mean_of_their_letter_groups(english: EnglishWords) -> None:
    groups = letter_groups("noodle")
    assert len(groups) == 6 + 5 + 4  # <noodle> has eight signs
    assert torch.allclose(english.row("noodle"), english.buckets[list(groups)].sum(0) / 15, atol=ROUNDING)
    assert len(letter_groups("é")) == 1 and all(0 <= group < BUCKETS for group in groups)


def test_saved_and_loaded_within_a_byte(english: EnglishWords, tmp_path: Path) -> None:
    english.save(tmp_path / "e.safetensors")
    loaded = EnglishWords.load(tmp_path / "e.safetensors")
    assert loaded.words == english.words and loaded.small == english.small
    assert loaded.strange("tidies") == 0.875 and loaded.strange("noodle") == 1
    for back, rows in ((loaded.rows, english.rows), (loaded.buckets, english.buckets)):
        assert ((back - rows).abs() <= rows.abs().amax(1, keepdim=True) / 200).all()
    features = torch.randn(5, 480)
    assert torch.allclose(loaded.strangeness(features), english.strangeness(features), atol=5e-3)
    mixed = (words.strangeness.mixed(features[:1], [0.25, 0.5]) for words in (loaded, english))
    assert torch.allclose(*mixed, atol=5e-3)
    with pytest.raises(ModelError, match=r"none\.safetensors cannot be read"):
        EnglishWords.load(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"bad\.safetensors cannot be read"):
        EnglishWords.load(tmp_path / "bad.safetensors")


def test_an_encoder_reads_known_listed_and_spelt_words(english: EnglishWords) -> None:
    torch.manual_seed(1)
    plain = SceneEncoder(("a", "cat", "red"), ImageTower(), TextTower(3))
    encoder = SceneEncoder(plain.words, plain.image_tower, plain.text_tower, english)
    known = ["a red cat", "cat", "", "a a a cat"]
    assert np.array_equal(encoder.encode_texts(known), plain.encode_texts(known))
    assert encoder.unknown_words("a red poodle, noodles jogging") == ["noodles"]
    assert plain.unknown_words("a red poodle, noodles jogging") == ["poodle", "noodles", "jogging"]
    poodle, guess = encoder.encode_texts(["a poodle", "a noodle"])
    rows = torch.stack([plain.text_tower.embed.weight[1], english.rows[1]])[None]
    read = plain.text_tower.read(rows, torch.ones(1, 2, dtype=torch.bool))[0].detach()
    assert np.allclose(read, poodle, atol=ROUNDING)
    assert np.abs(poodle - guess).max() > 0.01 and np.linalg.norm(guess) == pytest.approx(1, abs=ROUNDING)
    together = encoder.encode_texts(["a poodle", "a red cat jogging and jogging", ""])
    assert np.abs(together[0] - poodle).max() < ROUNDING
    assert not plain.out_of_world("cat")
    with pytest.raises(ModelError, match="own words only"):
        plain.strangeness(["cat"])


def test_a_word_is_judged_as_a_word_and_a_sentence_by_all_of_it(english: EnglishWords) -> None:
    """The world's words are red, cat, a, and; by hand: what one word alone is worth, and what a mix of two is."""
    torch.manual_seed(0)
    words = ("red", "cat", "a", "and")
    encoder = SceneEncoder(words, ImageTower(), TextTower(len(words)), english)
    own = ["cat", "a red cat", "cats", "reds", "and"]
    assert encoder.strangeness(own).tolist() == [0] * len(own)  # what the world says is of the world, in plural too
    assert encoder.strangeness(["", "noodle", "qwrtz noodles"]).tolist() == [1, 1, 1]
    assert encoder.strangeness(["poodle", "red poodles", "tidy", "red and tidy"]).tolist() == [0.125] * 2 + [0.875] * 2
    assert encoder.out_of_world("tidy") and not encoder.out_of_world("poodles")
    features = encoder.strangeness_features("a tidy cat and a poodle")
    assert features is not None and encoder.strangeness_features("red poodle and") is None
    assert torch.allclose(features[1:], torch.tensor([(0.875 + 0.125) / 5, 0.0, 0.875]), atol=1e-6)  # "a" is not small
    logit = features @ english.strangeness.mix.weight[0] + english.strangeness.mix.bias[0]
    told = encoder.strangeness(["a tidy cat and a poodle"])[0]
    assert told == pytest.approx(torch.sigmoid(logit).item(), abs=1e-6)


def test_regular_and_irregular_plurals() -> None:
    assert [plural(noun) for noun in ("poodle", "fox", "pony", "child", "fireman", "boy", "man", "human")] == [
        "poodles", "foxes", "ponies", "children", "firemen", "boys", "men", "humans",
    ]  # fmt: skip


def test_figures_by_hand() -> None:
    assert auroc(np.float32([0.1, 0.5]), np.float32([0.5, 0.9])) == (0.5 + 3) / 4
    scores = np.float32([[3, 1, 2], [0, 0, 0]])
    truth = np.array([[True, False, False], [False, True, True]])
    assert precision(scores, truth, k=2) == (1 / 2 + 1 / 2) / 2  # items 0, 2; then a tie: items 0, 1


def write_dictionary(folder: Path) -> None:
    """A dictionary of nouns, in WordNet's own form: animal > dog (2 meanings) > hound > whippet, which is a racer, too,
    which is an animal; and a tax."""
    data = [
        "  1 licence",
        '00000001 05 n 02 animal 0 beast 0 000 | a living thing; "an animal ran"',
        "00000002 05 n 02 dog 0 domestic_dog 0 001 @ 00000001 n 0000 | a pet that barks",
        "00000003 05 n 01 whippet 0 002 @ 00000006 n 0000 @ 00000007 n 0000 | a fast dog",
        "00000004 18 n 01 dog 0 000 | a dull man",
        "00000005 21 n 01 tax 0 000 | a charge",
        "00000006 05 n 01 courser 0 001 @ 00000002 n 0000 | a dog that hunts",
        "00000007 05 n 01 racer 0 001 @ 00000001 n 0000 | an animal that races",
    ]
    index = ["animal n 1 0 1 0 00000001", "dog n 2 0 2 0 00000002 00000004", "whippet n 1 1 @ 1 0 00000003",
             "beast n 1 0 1 0 00000001", "tax n 1 0 1 0 00000005", "courser n 1 1 @ 1 0 00000006",
             "racer n 1 1 @ 1 0 00000007"]  # fmt: skip
    for part in ("noun", "verb", "adj", "adv"):
        (folder / f"data.{part}").write_text("\n".join(data) + "\n" if part == "noun" else "")
        (folder / f"index.{part}").write_text("\n".join(index) + "\n" if part == "noun" else "")
    (folder / "cntlist.rev").write_text(
        "dog%1:05:00:: 1 42\ndog%1:18:01:: 2 1\nbeast%1:05:00:: 1 3\nwhippet%1:05:00:: 1 2\ntax%1:21:00:: 1 2\n"
        "tax%2:40:00:: 1 4\ntax%5:00:00:big:00 1 3\n"
    )


def test_wordnets_files_are_read(tmp_path: Path) -> None:
    write_dictionary(tmp_path)
    wordnet = WordNet.read(tmp_path)
    first, second = wordnet.senses("dog")
    assert wordnet.synsets[first].words == ("dog", "domestic dog") and wordnet.synsets[second].gloss == "a dull man"
    assert wordnet.synsets[("n", "00000001")].examples == ("an animal ran",)
    assert list(wordnet.above(("n", "00000006"), 5)) == [(("n", "00000002"), 1), (("n", "00000001"), 2)]
    assert list(wordnet.below(("n", "00000002"), 5)) == [(("n", "00000006"), 1), (("n", "00000003"), 2)]
    assert wordnet.counts == {"dog": 43, "beast": 3, "whippet": 2, "tax": 9}
    nouns = [word for word in ("dog", "racer", "tax", "nothing") if wordnet.is_mostly_noun(word)]
    assert nouns == ["dog", "racer"]  # "tax" is met oftener as a verb; nobody counted racers
    with pytest.raises(ModelError, match="wordnet-base"):
        WordNet.read(tmp_path / "nowhere")


def test_a_word_means_the_narrowest_noun_of_the_world(tmp_path: Path) -> None:
    write_dictionary(tmp_path)
    related = related_nouns(WordNet.read(tmp_path))
    assert related["whippet"] == {0: ("dog",)}  # and not the animal that it also is, though in as few steps
    assert related["racer"] == {0: ("animal",)}
    assert related["beast"] == {0: ("animal",)}
    assert not set(related) & set(WORDS)


class Spelling(Teacher):
    """A teacher that likens texts by the words they share."""

    def __init__(self) -> None:
        pass

    def encode(self, texts: Sequence[str]) -> NDArray[float32]:
        rows = np.zeros((len(texts), 512), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[[zlib.crc32(word.encode()) % 512 for word in Vocabulary.words(text)]] = 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_noun_is_like_what_it_is_a_kind_of(tmp_path: Path) -> None:
    write_dictionary(tmp_path)
    similarity = NounSimilarity(WordNet.read(tmp_path), Spelling())
    courser, tax = similarity(["courser", "tax"])
    dog, chair = WORLD_NOUNS.index("dog"), WORLD_NOUNS.index("chair")
    told, alone, named, described = Spelling().encode(
        ["a courser, a kind of dog", "a courser", "dog", "dog: a pet that barks"]  # the dictionary's gloss
    )
    world = (named + described) / 2
    by_hand = IN_KIND * told @ world + (1 - IN_KIND) * alone @ world
    assert courser[dog] == pytest.approx(by_hand, rel=1e-5) and courser[dog] > courser[chair]
    assert np.allclose(tax, similarity(["tax"])[0], atol=ROUNDING) and tax[dog] < courser[dog]


def test_what_the_teacher_finds_clear_counts_beside_the_dictionary(tmp_path: Path) -> None:
    """WordNet knows that a racer is an animal; a teacher may find it like a horse as well, like a car, or like none."""
    write_dictionary(tmp_path)
    wordnet = WordNet.read(tmp_path)

    def found(word: str, **like: float) -> tuple[str, ...] | None:
        def similarity(words: Sequence[str]) -> NDArray[float32]:
            rows = np.full((len(words), len(WORLD_NOUNS)), 0.1, np.float32)
            for noun, value in like.items():
                rows[words.index(word), WORLD_NOUNS.index(noun)] = value
            return rows

        return believed_related_nouns(wordnet, similarity).get(word)

    assert found("racer", animal=0.4) == ("animal",)
    assert found("racer", animal=0.4, horse=0.5) == ("animal", "horse")  # narrower
    assert found("racer", animal=0.4, horse=0.5, car=0.52) == ("animal", "horse")  # not clear enough to overrule
    assert found("racer", animal=0.3, car=0.6) == ("car",)
    assert found("racer", animal=0.2) is None
    assert "tax" not in believed_related_nouns(wordnet, None)


def test_captions_are_said_in_other_words() -> None:
    rephrase = Rephrasing({"whippet": ("dog",)}, share=1.0)
    rng = np.random.default_rng(0)
    said = {rephrase("two dogs at night", rng) for _ in range(200)}
    assert "duo whippets after midnight" in said
    assert all(text and "dogs" not in text and "night" not in text.split() for text in said)
    assert Rephrasing({}, share=0.0)("two dogs", rng) is None


def test_a_little_teaching_teaches(tmp_path: Path) -> None:
    """With the shipped tower, a tiny dictionary and no teacher: a whippet comes to mean a dog, and captions stay."""
    write_dictionary(tmp_path)
    encoder = SceneEncoder.load(SCENES / "encoder.safetensors")
    said = [caption.text for number in range(30) for caption in captions(compose("train", number))]
    recipe = EnglishRecipe(captions=150, strange=40, steps=250, batch_size=128, rate=0.05, letter_steps=20)
    wordnet = WordNet.read(tmp_path)
    english = teach(encoder, said, wordnet, believed_related_nouns(wordnet, None), None, recipe)
    taught = SceneEncoder(encoder.words, encoder.image_tower, encoder.text_tower, english)
    assert "whippet" in english.words and not set(english.words) & set(WORDS)
    kinds = [kind.name for kind in KINDS]
    (whippet,) = taught.encode_texts(["whippet"])
    alike = taught.encode_texts([f"a {kind}" for kind in kinds]) @ whippet
    assert kinds[int(alike.argmax())] == "dog"
    assert np.array_equal(taught.encode_texts(said), encoder.encode_texts(said))


def test_the_questions_speak_no_word_of_the_captions() -> None:
    """`WORDS` holds every word of the captions, as a test of theirs compares."""
    second = questions()["second"]
    for query in (*questions()["queries"], *second["queries"]):
        words = set(Vocabulary.words(query["query"])) - SMALL_WORDS
        assert words and not words & set(WORDS), query["query"]
        claim_from_json(query)
    assert not (set(questions()["nouns"]) | set(second["nouns"])) & set(WORDS)
    assert not set(questions()["nouns"]) & set(second["nouns"])
    assert len(second["queries"]) >= 50 and len(second["nouns"]) >= 100
    assert len(questions()["queries"]) >= 150 and len(questions()["nouns"]) >= 100
    assert len(questions()["inside"]) == len(questions()["outside"]) == 100


@pytest.mark.slow
def test_the_shipped_model_understands_english(world_vectors: NDArray[float32]) -> None:
    model = load_model()
    assert isinstance(model.encoder, SceneEncoder)
    found = english_figures(model.encoder, model.head, model.vocabulary, world_vectors)
    assert found.precision_at_5 >= 0.75 and found.dense_precision_at_5 >= 0.75
    assert found.nouns >= 0.8
    told = json.loads((SCENES / "figures.json").read_text("utf-8"))["english"]["taught by the sentence encoder"]
    for name, value in EnglishFigures(**told).__dict__.items():
        assert value == pytest.approx(getattr(found, name), abs=0.01), name


@pytest.mark.slow
def test_figures_of_english_can_be_bad(world_vectors: NDArray[float32]) -> None:
    """A negative control: with random rows the same questions fail."""
    model = load_model()
    encoder = model.encoder
    assert isinstance(encoder, SceneEncoder) and encoder.english is not None
    torch.manual_seed(0)
    chance = EnglishWords(
        encoder.english.words,
        torch.randn_like(encoder.english.rows),
        encoder.english.buckets,
        encoder.english.strangeness,
    )
    lost = SceneEncoder(encoder.words, encoder.image_tower, encoder.text_tower, chance)
    found = english_figures(lost, model.head, model.vocabulary, world_vectors)
    assert found.precision_at_5 < 0.3 and found.nouns < 0.3
    assert wrong_nouns(lost, model.head, model.vocabulary, {"pooch": ["dog"]})["pooch"]
