"""A vocabulary: the terms that dimensions stand for, and which of them a text speaks; knows no models."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from core.errors import ModelError

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Vocabulary:
    """Whole-word terms in a fixed order; a term's position is its id.

    `forms` folds other spellings into terms ("dogs" -> "dog"), so that a plural counts as speaking its singular.
    """

    def __init__(self, terms: Iterable[str], forms: Mapping[str, str] | None = None):
        """Raises ModelError when a term occurs twice or a form points to no term."""
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
        term = term.lower()
        return self._ids.get(self.forms.get(term, term))

    @staticmethod
    def words(text: str) -> list[str]:
        """The lower-case words of a text, in order, without punctuation."""
        return _WORD.findall(text.lower())

    def literal_ids(self, text: str) -> list[int]:
        """Ids of the terms spoken in the text, ascending, each once."""
        ids = (self.id(word) for word in self.words(text))
        return sorted({i for i in ids if i is not None})

    def save(self, path: Path) -> None:
        """Writes the vocabulary as JSON."""
        path.write_text(
            json.dumps({"terms": self.terms, "forms": self.forms}, ensure_ascii=False, indent=0) + "\n", "utf-8"
        )

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Reads what `save` wrote, or a plain text file with one term a line; ModelError when it is neither."""
        try:
            text = path.read_text("utf-8")
            if path.suffix != ".json":
                return cls(line.strip() for line in text.splitlines() if line.strip())
            data = json.loads(text)
            return cls(data["terms"], data.get("forms"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"The vocabulary {path} cannot be read ({error}); a JSON or one-term-a-line file is needed."
            ) from error
