"""The vocabulary: which terms a text speaks."""

from pathlib import Path

import pytest

from core.errors import ModelError
from core.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("car", "dog", "red"), {"dogs": "dog"})


def test_literal_terms_are_spoken_words_with_plurals_folded() -> None:
    assert VOCABULARY.literal_ids("Two DOGS, a dog and a red bus!") == [1, 2]
    assert VOCABULARY.literal_ids("") == []
    assert VOCABULARY.id("Dogs") == 1 and VOCABULARY.id("bus") is None and "red" in VOCABULARY


def test_a_term_of_several_words_is_spoken_where_they_follow_each_other() -> None:
    vocabulary = Vocabulary(("black", "black cat", "cat", "woman", "woman in red"), {"cats": "cat", "women": "woman"})
    assert vocabulary.literal_ids("Two black CATS and women in red") == [0, 1, 2, 3, 4]
    assert vocabulary.literal_ids("a cat, black as night") == [0, 2]
    assert vocabulary.literal_ids("a black dog and a cat") == [0, 2]
    assert vocabulary.id("Black cats") == 1 and vocabulary.id("black dog") is None and "black cat" in vocabulary


def test_words_keep_order_and_drop_punctuation() -> None:
    assert Vocabulary.words("It's a café, isn't it? snow_man") == ["it's", "a", "café", "isn't", "it", "snow", "man"]


def test_digest_tells_orders_apart() -> None:
    assert VOCABULARY.digest != Vocabulary(("dog", "car", "red")).digest
    assert VOCABULARY.digest == Vocabulary(("car", "dog", "red")).digest


def test_saved_and_loaded_alike(tmp_path: Path) -> None:
    VOCABULARY.save(tmp_path / "v.json")
    loaded = Vocabulary.load(tmp_path / "v.json")
    assert (loaded.terms, loaded.forms) == (VOCABULARY.terms, VOCABULARY.forms)
    (tmp_path / "v.txt").write_text("car\ndog\n")
    assert Vocabulary.load(tmp_path / "v.txt").terms == ("car", "dog")


def test_what_cannot_be_a_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'dog' twice"):
        Vocabulary(("dog", "cat", "dog"))
    with pytest.raises(ModelError, match="'cats' into 'cat'"):
        Vocabulary(("dog",), {"cats": "cat"})
    (tmp_path / "v.json").write_text("[1]")
    with pytest.raises(ModelError, match=r"v\.json"):
        Vocabulary.load(tmp_path / "v.json")
    with pytest.raises(ModelError, match="nowhere"):
        Vocabulary.load(tmp_path / "nowhere.json")


PIECES = Vocabulary(
    ("[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "a", "dog", "walk", "##ing", "##s", "cafe"), tokenizer="wordpiece"
)


def test_wordpieces_as_bert_uncased_splits_them() -> None:
    # "Dogs" -> dog ##s, "walking" -> walk ##ing, "Café" loses its accent; "xyz" is [UNK], which nobody speaks
    assert PIECES.literal_ids("A Dogs walking. Café [CLS] xyz") == [4, 5, 6, 7, 8, 9, 10]
    assert PIECES.literal_ids("") == []


def test_wordpieces_agree_with_transformers() -> None:
    transformers = pytest.importorskip("transformers")
    oracle = transformers.BertTokenizer(vocab={term: i for i, term in enumerate(PIECES.terms)}, do_lower_case=True)
    for text in ("Dogs walking, a dog.", "CAFÉS… dogsing", "walk-a.dog"):
        expected = set(oracle(text, add_special_tokens=False)["input_ids"]) - {1}
        assert PIECES.literal_ids(text) == sorted(expected)


def test_without_an_unknown_mark_words_that_no_piece_fits_are_left_out() -> None:
    assert Vocabulary(("dog", "##s"), tokenizer="wordpiece").literal_ids("dogs cats") == [0, 1]


def test_the_tokenizer_is_detected_chosen_and_kept(tmp_path: Path) -> None:
    (tmp_path / "pieces.txt").write_text("[UNK]\ndog\n##s\n")
    (tmp_path / "words.txt").write_text("dog\ncat\n")
    assert Vocabulary.load(tmp_path / "pieces.txt").tokenizer == "wordpiece"
    assert Vocabulary.load(tmp_path / "words.txt").tokenizer == "words"
    assert Vocabulary.load(tmp_path / "words.txt", "wordpiece").tokenizer == "wordpiece"
    PIECES.save(tmp_path / "kept.json")
    assert Vocabulary.load(tmp_path / "kept.json").literal_ids("dogs") == [6, 9]
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(ModelError, match=r"empty\.txt is empty"):
        Vocabulary.load(tmp_path / "empty.txt")
    with pytest.raises(ModelError, match="'letters'"):
        Vocabulary(("dog",), tokenizer="letters")  # type: ignore[arg-type]


def test_a_vocabulary_of_captions_holds_what_enough_of_them_say() -> None:
    made = Vocabulary.of_captions(["A dog, a dog", "a cat", "The dog runs", "a dog"], min_count=2)
    assert made.terms == ("a", "dog")  # three captions each: alphabetical
    with pytest.raises(ModelError, match="No word occurs in 9 captions"):
        Vocabulary.of_captions(["a dog"], min_count=9)
