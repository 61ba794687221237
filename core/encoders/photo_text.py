"""The text tower of `photos`: words to a unit vector in the space of the pictures; must not know pictures.

Distilled from a sentence encoder (all-MiniLM-L6-v2, which is needed for building only): each listed word has a row that
holds what that encoder says of the word alone, and a small transformer reads the rows as it would the sentence. So a
word that no caption of the teaching says is understood by its row.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from core.encoders.english import listed
from core.vocabulary import Vocabulary

ROW = 256  # numbers a word
WIDTH, LAYERS, HEADS = 256, 3, 4
MAX_WORDS = 48  # of a text; what is longer is cut off


class WordList:
    """`words`, and `rows` (len(words), ROW): what each means."""

    def __init__(self, words: Sequence[str], rows: Tensor):
        self.words, self.rows = tuple(words), rows
        self._ids = {word: i for i, word in enumerate(self.words)}

    def row(self, word: str) -> int | None:
        """Where a lower-case word stands in the list, by itself or without its ending; None where it does not."""
        return listed(self._ids, word)

    def word_ids(self, text: str) -> list[int]:
        """Where a text's listed words stand in the list, in order, at most MAX_WORDS."""
        found = (self.row(word) for word in Vocabulary.words(text))
        return [row for row in found if row is not None][:MAX_WORDS]

    def unknown(self, text: str) -> list[str]:
        """The words of a text that are not listed, in order, each once."""
        return [word for word in dict.fromkeys(Vocabulary.words(text)) if self.row(word) is None]


class TextTower(nn.Module):
    """Rows of words to a unit vector: a small transformer; mean and peak of its states, and the mean of the rows."""

    def __init__(self, dim: int):
        super().__init__()
        self.widen = nn.Linear(ROW, WIDTH)
        self.position = nn.Embedding(MAX_WORDS, WIDTH)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0.1, "gelu", batch_first=True, norm_first=True)
            for _ in range(LAYERS)
        )
        self.norm = nn.LayerNorm(WIDTH)
        self.project = nn.Linear(2 * WIDTH + ROW, dim)

    def pool(self, rows: Tensor, spoken: Tensor) -> Tensor:
        """(n, length, ROW) rows and (n, length) bool, False = padding, which changes nothing -> (n, 2 WIDTH + ROW)."""
        states = self.widen(rows) + self.position.weight[: rows.shape[1]]
        for layer in self.layers:
            states = layer(states, src_key_padding_mask=~spoken)
        states = self.norm(states)
        mask = spoken.unsqueeze(2)  # (n, length, 1)
        count = mask.sum(1)
        peak = states.masked_fill(~mask, float("-inf")).amax(1)
        return torch.cat([(states * mask).sum(1) / count, peak, (rows * mask).sum(1) / count], 1)

    def forward(self, rows: Tensor, spoken: Tensor) -> Tensor:
        """As `pool`, then projected: (n, dim) unit rows."""
        return nn.functional.normalize(self.project(self.pool(rows, spoken)).float(), dim=1)


def padded(words: WordList, word_ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(n, longest, ROW) rows and (n, longest) bool of texts given as word ids; one without any is a row of zeros."""
    rows = [words.rows[list(text)] if text else torch.zeros(1, ROW) for text in word_ids]
    spoken = [torch.ones(len(text), dtype=torch.bool) for text in rows]
    return pad_sequence(rows, batch_first=True), pad_sequence(spoken, batch_first=True)
