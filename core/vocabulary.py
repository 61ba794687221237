"""A vocabulary: the terms that dimensions stand for, and which of them a text speaks; knows no models."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from core.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Splitting = Literal["words", "wordpiece"]
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNKNOWN = "[UNK]"
_AROUND = ("[CLS]", "[SEP]")  # what BERT puts before and behind every text
_NEVER_SPOKEN = re.compile(r"\[(?:PAD|UNK|CLS|SEP|MASK|unused\d+)\]")  # BERT's marks, which stand for no text


class Vocabulary:
    """Terms in a fixed order; a term's position is its id.

    `tokenizer`: how a text is split into terms. "words": whole words, and terms of several words ("black cat") where
    the text speaks them one after the other. "wordpiece": BERT-uncased pieces, where a word that is no term becomes its
    longest known parts ("##" marks a part that continues a word); punctuation counts as BERT counts it, marks such as
    [CLS] are never spoken. `forms` folds other spellings of words into whole-word terms ("dogs" -> "dog"), so that a
    plural counts as speaking its singular, in terms of several words too.
    """

    def __init__(self, terms: Iterable[str], forms: Mapping[str, str] | None = None, *, tokenizer: Splitting = "words"):
        """Raises ModelError when a term occurs twice, a form points to no term or the tokenizer does not exist."""
        if tokenizer not in get_args(Splitting):
            raise ModelError(f"There is no tokenizer '{tokenizer}'; choose one of {', '.join(get_args(Splitting))}.")
        self.tokenizer: Splitting = tokenizer
        self.terms: tuple[str, ...] = tuple(terms)
        self.forms: dict[str, str] = dict(forms or {})
        self._ids = {term: i for i, term in enumerate(self.terms)}
        if len(self._ids) != len(self.terms):
            doubled = next(term for i, term in enumerate(self.terms) if self._ids[term] != i)
            raise ModelError(f"The vocabulary lists the term '{doubled}' twice; every term must occur once.")
        for form, term in self.forms.items():
            if term not in self._ids:
                raise ModelError(f"The vocabulary folds '{form}' into '{term}', which is not one of its terms.")

    def __len__(self) -> int:
        return len(self.terms)

    def __contains__(self, term: object) -> bool:
        return term in self._ids

    @cached_property
    def digest(self) -> str:
        """A hash of the terms in order: two vocabularies with one digest give dimensions the same meaning."""
        return hashlib.sha256("\n".join(self.terms).encode()).hexdigest()[:16]

    def id(self, term: str) -> int | None:
        """The id of a term or of one of its forms; None for anything else."""
        return self._ids.get(" ".join(self._folded(term.lower().split(" "))))

    @staticmethod
    def words(text: str) -> list[str]:
        """The lower-case words of a text, in order, without punctuation."""
        return WORD.findall(text.lower())

    def literal_ids(self, text: str, *, marks: bool = False) -> list[int]:
        """Ids of the terms spoken in the text, ascending, each once.

        `marks`: the marks of WordPieces count too, as far as they are terms: [CLS] and [SEP] for every text, [UNK]
        where a word is unknown. So does the paper's training count.
        """
        if self.tokenizer == "wordpiece":
            pieces = set(self.pieces.encode(text).ids)
            if marks:
                return sorted({i for i in pieces if i < len(self)} | {self._ids[m] for m in _AROUND if m in self})
            return sorted(pieces & self._speakable)
        words = self._folded(self.words(text))
        spoken = (
            self._ids.get(" ".join(words[start : start + length]))
            for length in range(1, self._longest + 1)
            for start in range(len(words) - length + 1)
        )
        return sorted({i for i in spoken if i is not None})

    def _folded(self, words: Iterable[str]) -> list[str]:
        return [self.forms.get(word, word) for word in words]

    @cached_property
    def _longest(self) -> int:
        """Words of the longest term."""
        return max((term.count(" ") + 1 for term in self.terms), default=1)

    @cached_property
    def pieces(self) -> "Tokenizer":
        """Splits a text into WordPieces, numbered as the terms; a number above them stands for what no piece fits."""
        from tokenizers import Tokenizer
        from tokenizers.models import WordPiece
        from tokenizers.normalizers import BertNormalizer
        from tokenizers.pre_tokenizers import BertPreTokenizer

        ids = dict(self._ids)
        ids.setdefault(_UNKNOWN, len(ids))  # what no piece fits must become something; it is never a spoken term
        splitter = Tokenizer(WordPiece(ids, unk_token=_UNKNOWN, max_input_chars_per_word=100))
        splitter.normalizer = BertNormalizer(lowercase=True)
        splitter.pre_tokenizer = BertPreTokenizer()
        return splitter

    @cached_property
    def _speakable(self) -> frozenset[int]:
        return frozenset(i for i, term in enumerate(self.terms) if not _NEVER_SPOKEN.fullmatch(term))

    @classmethod
    def of_captions(cls, captions: Iterable[str], min_count: int = 3) -> "Vocabulary":
        """Every word that at least `min_count` captions say, the most frequent first; ModelError when there is none."""
        counts = Counter(word for caption in captions for word in set(cls.words(caption)))
        frequent = sorted((word for word, count in counts.items() if count >= min_count), key=lambda w: (-counts[w], w))
        if not frequent:
            raise ModelError(f"No word occurs in {min_count} captions, so there is nothing to make a vocabulary of.")
        return cls(frequent)

    def save(self, path: Path) -> None:
        """Writes the vocabulary as JSON."""
        content: dict[str, object] = {"terms": self.terms, "forms": self.forms}
        if self.tokenizer != "words":
            content["tokenizer"] = self.tokenizer
        path.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path, tokenizer: Splitting | None = None) -> "Vocabulary":
        """Reads what `save` wrote, or a plain text file with one term a line; ModelError when it is neither.

        `tokenizer` overrides what the file says. A text file says nothing; it counts as WordPieces when it lists
        "[UNK]" or a term that begins with "##", and as whole words otherwise.
        """
        try:
            text = path.read_text("utf-8")
            if path.suffix == ".json":
                data = json.loads(text)
                return cls(data["terms"], data.get("forms"), tokenizer=tokenizer or data.get("tokenizer", "words"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"The vocabulary {path} cannot be read ({error}); a JSON or one-term-a-line file is needed."
            ) from error
        lines = [line.strip() for line in text.split("\n")]  # not splitlines: a term may be a rare line separator
        terms = [line for line in lines if line]
        if not terms:
            raise ModelError(f"The vocabulary {path} is empty; it must hold one term a line.")
        pieces = any(term.startswith("##") or term == _UNKNOWN for term in terms)
        return cls(terms, tokenizer=tokenizer or ("wordpiece" if pieces else "words"))
