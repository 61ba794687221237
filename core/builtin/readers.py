"""What is read off the towers while they are trained, so that they learn to hold it; none of it is shipped."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.builtin.corpus import COLOUR_IDS, KIND_IDS, PLACE_IDS, SIZE, TIME_IDS
from core.encoders.scenes import DIM, ImageTower
from core.scenes.words import LEMMAS, MEANINGS


class GridHead(nn.Module):
    """Reads kinds and colours off every cell of the image tower's map, and the setting off its mean; training only."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds, self.colours = len(KIND_IDS) + 1, len(COLOUR_IDS) + 1  # id 0 = none
        self.cells = nn.Conv2d(ImageTower.MAP_CHANNELS, self.kinds + self.colours, 1)
        assert self.cells.bias is not None
        nn.init.constant_(self.cells.bias, -4.0)  # nearly every cell lacks nearly every kind
        self.setting = nn.Linear(ImageTower.MAP_CHANNELS, len(PLACE_IDS) + len(TIME_IDS))

    def loss(self, features: Tensor, boxes: Tensor, setting: Tensor) -> Tensor:
        """features (n, channels, h, h), boxes (n, 24, 6), setting (n, 2) -> cell-wise cross-entropy, plus setting."""
        kinds, colours = self.targets(boxes, features.shape[2])
        target = torch.cat([kinds, colours], 1)  # (n, K + C, h, h)
        logits = self.cells(features).float()
        cells = functional.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(1).mean()
        guess = self.setting(features.mean((2, 3))).float()
        place, time = guess.split([len(PLACE_IDS), len(TIME_IDS)], 1)
        return cells + 0.3 * (
            functional.cross_entropy(place, setting[:, 0]) + functional.cross_entropy(time, setting[:, 1])
        )

    def targets(self, boxes: Tensor, cells: int) -> tuple[Tensor, Tensor]:
        """(n, 24, 6) boxes -> (n, K, cells, cells) kinds and (n, C, cells, cells) colours, 1 where there."""
        centre = (torch.arange(cells) + 0.5) * (SIZE / cells)
        half = SIZE / cells / 2  # a thing thinner than a cell still claims the cells it touches the middle half of
        left, top, right, bottom = (boxes[:, :, i].float().unsqueeze(2) for i in (2, 3, 4, 5))  # (n, 24, 1)
        across = (centre >= left - half / 2) & (centre <= right + half / 2)  # (n, 24, cells)
        down = (centre >= top - half / 2) & (centre <= bottom + half / 2)
        inside = (down.unsqueeze(3) & across.unsqueeze(2) & (boxes[:, :, 0] > 0)[:, :, None, None]).float()
        n = len(boxes)
        kinds, colours = torch.zeros(n, self.kinds, cells, cells), torch.zeros(n, self.colours, cells, cells)
        rows = torch.arange(n)
        for slot in range(boxes.shape[1]):
            kind, colour, mask = boxes[:, slot, 0], boxes[:, slot, 1], inside[:, slot]
            kinds[rows, kind] = torch.maximum(kinds[rows, kind], mask)
            colours[rows, colour] = torch.maximum(colours[rows, colour], mask)
        kinds[:, 0] = 0
        colours[:, 0] = 0
        return kinds, colours


class NameHead(nn.Module):
    """Reads names off finished vectors, of pictures and of sentences alike; training only.

    A label is a kind, a colour, a kind of a colour ("black cat") or a number of a kind ("two birds"): what a vector
    must hold apart for a short question to find it. Columns: kinds, colours, then each kind's colours, then its counts.
    """

    SCALE = 16.0  # vectors have unit length; logits must not
    COUNTS = 5

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.kinds, self.colours = len(KIND_IDS) + 1, len(COLOUR_IDS) + 1  # id 0 = none
        self.plain = self.kinds + self.colours
        self.labels = self.plain + self.kinds * (self.colours + self.COUNTS)
        self.read = nn.Linear(DIM, self.labels)
        nn.init.constant_(self.read.bias[: self.plain], -4.0)  # nearly every picture lacks nearly every kind
        nn.init.constant_(self.read.bias[self.plain :], -7.0)
        said = torch.zeros(len(words) + 1, self.plain)  # what a word names, where it can name only one thing
        for i, word in enumerate(words, 1):
            kinds = MEANINGS.get(LEMMAS.get(word, word), frozenset())
            if len(kinds) == 1:
                said[i, KIND_IDS[next(iter(kinds))]] = 1
            if word in COLOUR_IDS:
                said[i, self.kinds + COLOUR_IDS[word]] = 1
        self.said: Tensor
        self.register_buffer("said", said)

    def loss(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """vectors (n, dim), labels (n, the first so many labels) 0 or 1 -> binary cross-entropy, summed over labels."""
        logits = self.read(self.SCALE * vectors).float()[:, : labels.shape[1]]
        return functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()

    def shown(self, boxes: Tensor) -> Tensor:
        """(n, 24, 6) boxes -> (n, labels): all that the picture shows."""
        kind, colour = boxes[:, :, 0], boxes[:, :, 1]  # (n, 24)
        counts = torch.zeros(len(boxes), self.kinds, dtype=torch.int64)
        counts.scatter_add_(1, kind, torch.ones_like(kind))
        number = counts.gather(1, kind).clamp(max=self.COUNTS)  # (n, 24), how many of its kind there are
        return self._labels(kind, colour, number)

    def told(self, kinds: Tensor, colours: Tensor, counts: Tensor) -> Tensor:
        """(n, things) ids of the kinds, colours and exact counts that phrases name, 0 = not said -> (n, labels)."""
        return self._labels(kinds, colours, counts.clamp(max=self.COUNTS))

    def spoken(self, ids: Tensor) -> Tensor:
        """(n, L) word ids -> (n, plain labels): the kinds and colours that the sentence names."""
        return self.said[ids].amax(1)

    def _labels(self, kind: Tensor, colour: Tensor, number: Tensor) -> Tensor:
        labels = torch.zeros(len(kind), self.labels + 1)  # the last column takes what is no label
        nothing = torch.full_like(kind, self.labels)
        coloured = self.plain + kind * self.colours + colour
        counted = self.plain + self.kinds * self.colours + kind * self.COUNTS + number - 1
        there = kind > 0
        labels.scatter_(1, torch.where(there, kind, nothing), 1.0)
        labels.scatter_(1, torch.where(colour > 0, self.kinds + colour, nothing), 1.0)
        labels.scatter_(1, torch.where(there & (colour > 0), coloured, nothing), 1.0)
        labels.scatter_(1, torch.where(there & (number > 0), counted, nothing), 1.0)
        return labels[:, : self.labels]
