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
