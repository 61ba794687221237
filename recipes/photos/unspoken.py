"""What photographs would be described by, and what floors of unspoken terms are tried on: words shown, captions."""

import numpy as np
from numpy import bool_
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.models.model import Model
from core.vocabulary import Vocabulary
from recipes.photos.calibration import words_shown
from recipes.photos.figures import related_words
from recipes.photos.terms import singular
from recipes.scenes.stranger_figures import FORMS, in_turn, typed
from recipes.scenes.unspoken import Asked, Pictures, Trial
from recipes.scenes.wordnet import WordNet


def described(model: Model, data: DenseDataset, wordnet: WordNet) -> NDArray[bool_]:
    """(photographs, |V|) whether a caption of each says each term, or a synonym, a broader or a narrower word."""
    terms = model.vocabulary.terms
    related = {term: related_words(wordnet, term) for term in terms}
    own: list[set[str]] = [set() for _ in data.images]
    for caption, image in zip(data.captions, data.image_of_text.tolist(), strict=True):
        own[image] |= {terms[i] for i in model.vocabulary.literal_ids(caption)}
        own[image] |= {singular(word, wordnet) for word in Vocabulary.words(caption)}
    found = np.zeros((len(own), len(terms)), bool)
    for row, words in zip(found, own, strict=True):
        meant = words | {word for one in words for word in related.get(one) or related_words(wordnet, one)}
        row[:] = [term in meant or not related[term].isdisjoint(words) for term in terms]
    return found


def trial(model: Model, data: DenseDataset, wordnet: WordNet) -> tuple[Trial, list[str]]:
    """What floors are tried on, and the words that the photographs show, in all forms.

    A question is a word that is a term; right are the photographs that are described by it.
    """
    words = words_shown(data, wordnet)
    pictures = Pictures(model.head.weigh(data.images), described(model, data, wordnet))
    texts = [text for text in in_turn(words) if model.vocabulary.literal_ids(text)]
    questions, captions = Asked.of(model, texts), Asked.of(model, data.captions)
    answers = np.array([pictures.described[:, own].all(1) for own in questions.spoken])
    return Trial(pictures, questions, answers, captions, data.image_of_text), [
        typed(word, form) for word in words for form in FORMS
    ]
