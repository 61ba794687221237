"""The terms of a head as the tokenizer file of Hugging Face, which numbers them, and back."""

from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Split

from core.vocabulary import WORD, Vocabulary

_UNKNOWN = "[UNK]"


def tokenizer_of(vocabulary: Vocabulary) -> Tokenizer:
    """A tokenizer whose tokens are the terms, by their numbers; what is no term gets [UNK], numbered above them all.

    It splits a text as the vocabulary does, but knows no `forms`, and no text yields a term of several words.
    """
    if vocabulary.tokenizer == "wordpiece":
        return vocabulary.pieces
    numbers = {term: number for number, term in enumerate(vocabulary.terms)}
    numbers.setdefault(_UNKNOWN, len(numbers))
    tokenizer = Tokenizer(WordLevel(numbers, unk_token=_UNKNOWN))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Split(Regex(WORD.pattern), "removed", invert=True)
    return tokenizer


def terms_of(file: Path, count: int) -> list[str]:
    """The first `count` tokens of a tokenizer file, by number; ValueError where it is none, or has fewer."""
    try:
        numbers = Tokenizer.from_file(str(file)).get_vocab(with_added_tokens=True)
    except Exception as error:  # of Rust, which tells only by its text what is wrong
        raise ValueError(f"{file.name}: {error}") from error
    terms = {number: token for token, number in numbers.items()}
    if lacking := set(range(count)) - terms.keys():
        raise ValueError(f"{file.name} lacks {len(lacking)} of {count} terms")
    return [terms[number] for number in range(count)]
