"""Auxiliary heads of the towers: what they read off must be there to be read; for training only, none is shipped."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.scenes import DIM, ImageTower
from core.world.words import LEMMAS, MEANINGS
from recipes.scenes.corpus import COLOUR_IDS, KIND_IDS, PLACE_IDS, SIZE, TIME_IDS


class GridHead(nn.Module):
    """Reads kinds and colours off every cell of the image tower's map, and the setting off its mean."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds, self.colours = len(KIND_IDS) + 1, len(COLOUR_IDS) + 1  # id 0 = none
        self.cells = nn.Conv2d(ImageTower.MAP_CHANNELS, self.kinds + self.colours, 1)
        assert self.cells.bias is not None
        nn.init.constant_(self.cells.bias, -4.0)  # nearly every cell lacks nearly every kind
        self.setting = nn.Linear(ImageTower.MAP_CHANNELS, len(PLACE_IDS) + len(TIME_IDS))

    def loss(self, features: Tensor, boxes: Tensor, setting: Tensor) -> Tensor:
        """Cross-entropy, a scalar: summed over what a cell can show, mean over cells, plus that of place and time.

        features (n, channels, h, h): the map; boxes (n, 24, 6) and setting (n, 2): as `Corpus` has them.
        """
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
        """Boxes (n, 24, 6) -> kinds (n, K, cells, cells) and colours (n, C, cells, cells), 1 where there, else 0."""
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
    """Reads labels off finished vectors, of pictures and of sentences alike.

    A label is a noun, a colour, a colour noun ("black cat") or a number of a noun ("two birds"): a vector must tell
    these apart, or short questions do not find it. A noun is a kind ("cat") or what several kinds can be called
    ("animal"); a picture or sentence with a cat has the label "animal", too. The columns of labels are nouns, colours,
    each noun's colours, then each noun's counts.
    """

    SCALE = 16.0  # vectors have unit length; logits must not
    COUNTS = 5

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.colours = len(COLOUR_IDS) + 1  # id 0 = none, for kinds and for colours
        senses: dict[frozenset[str], int] = {frozenset({kind}): i for kind, i in KIND_IDS.items()}
        for meaning in dict.fromkeys(MEANINGS.values()):
            senses.setdefault(meaning, len(senses) + 1)
        self.nouns = len(senses) + 1
        self.plain = self.nouns + self.colours
        self.labels = self.plain + self.nouns * (self.colours + self.COUNTS)
        self.read = nn.Linear(DIM, self.labels)
        nn.init.constant_(self.read.bias[: self.plain], -4.0)  # nearly every picture lacks nearly every kind
        nn.init.constant_(self.read.bias[self.plain :], -7.0)
        called = torch.zeros(len(KIND_IDS) + 1, self.nouns)  # the nouns that each kind can be called
        for kinds, noun in senses.items():
            called[[KIND_IDS[kind] for kind in kinds], noun] = 1
        names = torch.zeros(len(words) + 1, self.plain)  # what a word names, and what that is too: a dog is an animal
        for i, word in enumerate(words, 1):
            if named := MEANINGS.get(LEMMAS.get(word, word)):
                names[i, : self.nouns] = called[[KIND_IDS[kind] for kind in named]].amin(0)
            if word in COLOUR_IDS:
                names[i, self.nouns + COLOUR_IDS[word]] = 1
        self.called: Tensor
        self.names: Tensor
        self.register_buffer("called", called)
        self.register_buffer("names", names)

    def loss(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Binary cross-entropy, a scalar: summed over labels, mean over vectors.

        vectors (n, dim); labels (n, l) 0 or 1: the first l of all labels.
        """
        logits = self.read(self.SCALE * vectors).float()[:, : labels.shape[1]]
        return functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()

    def picture_labels(self, boxes: Tensor) -> Tensor:
        """Boxes (n, 24, 6) -> (n, labels) 0 or 1: all that the picture shows; things of one kind count as one group."""
        kind, colour = boxes[:, :, 0], boxes[:, :, 1]  # (n, 24)
        counts = torch.zeros(len(boxes), len(KIND_IDS) + 1, dtype=torch.int64)
        counts.scatter_add_(1, kind, torch.ones_like(kind))
        return self._labels(self.called[kind], colour, counts.gather(1, kind))

    def phrase_labels(self, kinds: Tensor, colours: Tensor, counts: Tensor) -> Tensor:
        """What phrases name -> (n, labels) 0 or 1.

        kinds (n, things, kinds + 1) bool: which kinds each thing can be; colours, counts (n, things): ids of colours
        and exact counts, 0 = not said.
        """
        several = kinds.sum(2, keepdim=True)  # (n, things, 1)
        nouns = (several > 0) & (kinds.float() @ self.called == several)  # what all these kinds can be called
        return self._labels(nouns.float(), colours, counts)

    def sentence_labels(self, ids: Tensor) -> Tensor:
        """Word ids (n, L) -> (n, plain labels) 0 or 1: the nouns and colours that the sentence names."""
        return self.names[ids].amax(1)

    def _labels(self, nouns: Tensor, colour: Tensor, number: Tensor) -> Tensor:
        """Nouns (n, things, nouns) 0 or 1, colour and number (n, things), 0 = none -> (n, labels) 0 or 1."""
        colours = functional.one_hot(colour, self.colours).float()  # (n, things, colours)
        colours[:, :, 0] = 0
        numbers = functional.one_hot(number.clamp(max=self.COUNTS), self.COUNTS + 1).float()[:, :, 1:]
        seen = nouns.amax(1)
        coloured = torch.einsum("ntk,ntc->nkc", nouns, colours).clamp(max=1)
        counted = torch.einsum("ntk,ntc->nkc", nouns, numbers).clamp(max=1)
        return torch.cat([seen, colours.amax(1), coloured.flatten(1), counted.flatten(1)], 1)
