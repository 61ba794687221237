"""The model card of the built-in model, and its picture: how it was made, what it reaches, what it cannot do."""

from typing import Any

from PIL import Image

from core.models.head_files import answered_from
from core.models.registry import SCENES
from core.training.presets import SCENES_HEADS, SHIPPED_HEAD
from core.world.catalogue import KINDS, PLACES
from core.world.composer import compose
from core.world.renderer import render
from core.world.words import WORDS
from recipes.scenes.answers import ASKED
from recipes.scenes.answers import FALSE_ALARMS as ANSWER_FALSE_ALARMS
from recipes.scenes.english_figures import fresh_questions, questions
from recipes.scenes.recipe import QUESTIONS, RECIPE
from recipes.scenes.stranger_figures import strangers
from recipes.scenes.strangers import FALSE_ALARMS
from recipes.scenes.unspoken import unspoken_card
from recipes.scenes.vocabulary import COLOUR_NOUNS

COLUMNS, ROWS, SIDE, GAP = 8, 3, 192, 6  # of the contact sheet; pixels

_CARD = """# `scenes`: the built-in model

![Some scenes of the test split](contact_sheet.webp)

A dual encoder and a sparse head for the illustrated world of Sightwords, small enough to travel with it.
**It knows the drawings of that world ({kinds} kinds of things, {places} places), the {words} words of its captions and,
as far as they mean such things, {english_words:,} other English words. It does not know photographs.** Words that are
not listed are reported to the caller and then guessed from their letters; a text that nothing in the world is like is
told to be so.

| file | what |
|---|---|
| `encoder.safetensors` | image tower ({image_parameters:.2f} M parameters), text tower ({text_parameters:.2f} M) |
| `model.safetensors`, `config.json` | the sparse head (Dense2Sparse), in the paper's checkpoint form |
| `english.safetensors` | rows for {english_words:,} English words and for letter groups, and what tells strange texts |
| `vocabulary.json` | {terms:,} terms, {coloured} of them nouns of a colour ("black cat"), and plurals that fold in |
| `heads/` | the heads without and with plain expansion control, and without questions, to compare with |
| `figures.json` | the figures below, as data |

## How it was made
`python -m recipes.scenes` makes all of it: {train:,} scenes of the train split are drawn with five captions each (no
scene of the test split, by its things, their attributes and its setting, occurs in it); the image tower first learns
which kinds and colours are where; then both towers learn together by a contrastive loss with one false variant of a
caption as an extra negative and a quarter of each batch from one place. Some of the sentences are short phrases (every
picture that a phrase is true of, by the records, is a right answer), and pictures and sentences alike must name what
they hold: nouns, colours, nouns of a colour, numbers of a noun. The head is trained on the frozen vectors by
distillation with caption-level expansion control and L1 (Nguyen et al., ECIR 2024). What this project adds stands
beside the plain method: the *anchor* (binary cross-entropy of the pre-activations against the words of the captions,
weight {anchor:g}, and a start from the captions that speak a term) and *questions*. With those the shipped head goes on
from the anchored one: each step asks {each_step} short ones ("two birds", "a yellow toy in a park") about its scenes,
of all its pictures and of those that the dense vectors find nearest among {looked_at:,} others. The records tell all
the right answers; each is to come before every wrong one (weight {weight:g}), the scores are to be those of the dense
vectors (weight {dense_weight:g}, temperature {tau:g}), and a question is to light the words that name what it asks for,
and what that is besides (a turtle: a reptile, an animal), may light their other names and those of narrower things, and
nothing else (weight {question_anchor:g}). Besides words its terms are *nouns of a colour* ("black cat", "woman in
red"): "black" and "cat" add up for a white cat beside a black dog as well. They start from the questions that name
them, and a picture is to light those that it shows and no others (weight {shown:g}). A share of {asked_in_english:g} of
the questions is asked in words that the world does not say.{minutes}

**English.** The finished text tower stays as it is, so every caption keeps its vector and the figures of retrieval are
the same with and without English; only rows for new words are learned, and a small layer that tells whether the world
answers a text. Lessons are captions with words exchanged for relatives (WordNet's synonyms, narrower and broader words;
hand-written tables), descriptions and glosses of what the world holds, and everyday sentences whose meaning is that of
the world's sentences which a sentence encoder (all-MiniLM-L6-v2, not shipped) finds nearest. It also finds which noun
of the world another noun is like, told what that is a kind of. The vocabulary of the head stays the world's: a picture
cannot light a word that only people say, so an unseen word lights the world's words for what it means.

The shipped weights were made stage by stage, in several sessions. Broader nouns ("animal") and their colours and
numbers were named from the fourth stage on only, and the fifth stage, the first at 128 px, began with new readers of
cells and names, as the old ones were not kept; the recipe as it stands was not run from nothing. The six stages took
about 8, 11, 48, 24, 59 and 31 minutes on two cores that others used too.

## What it reaches
{test:,} pictures and {captions:,} captions of the test split, text to image. The oracle knows every scene's record
and guesses among the scenes that a caption fits. FLOPs: mean term products a query-item pair costs. Exact@20: share of
a caption's own terms among its top 20. Term precision: share of a picture's top five noun and colour terms that are
true of it. Questions: of those that the same grammar makes of the test scenes and that five pictures or more answer,
the share for which four or more of the top five are right (the dense vectors: {questions_dense:.3f}).

Of 40 plain queries (`tests/core/natural_queries.json`), all bring four or more pictures in the top five that hold all
the named things, 4.93 of five on average; the dense vectors 4.75. A test holds these figures. The settings of the
questions were chosen among some thirty on scenes of the val split alone, those of the questions in other words among
six, and how nouns of a colour are learned among six, by the val split and by what English is understood, but not
without a look at these 40 (39, 40 and 40 in the three of those that were looked at). On eight worlds of 1,000 val
scenes the shipped head answers 39.0 of the 40 on average (38 to 40; the anchored head 36.8, the dense vectors 38.1),
and of 12,654 questions of those scenes 0.94 (0.75, 0.82). Before it knew nouns of a colour it answered 39 of the 40
here, there 37.5 and 0.89 of the questions. So the test split is kind to all of them. What is left over are things that
few train scenes show ("cows", two or more: 15 of 40,000), numbers of things ("three animals"), and what only four of
1,000 pictures show ("a black cat"). The settings of the anchored head had been chosen among a dozen, by the plain
queries of both held-out splits.

| | R@1 | R@5 | R@10 |
|---|---|---|---|
| oracle | {oracle} |
| dense | {dense} |

| head | R@1 | of dense | R@5 | R@10 | FLOPs | terms caption / image | Exact@20 | term precision | questions |
|---|---|---|---|---|---|---|---|---|---|
{heads}

The shipped head is *{shipped}*. `python -m recipes.scenes figures` makes the rows *oracle* and
*dense*, the shipped head's and the column of questions again from the shipped files; `python -m recipes.scenes` makes
all of them from nothing.

## What it understands of English
{queries} queries in words that no caption says (`recipes/scenes/english_questions.json`; {fresh_queries} of them also
speak a word that the hand-written tables do not hold), {nouns} nouns ({fresh_nouns} outside the tables), and 100
sentences each that the world answers and does not. Precision@5 by the scene records; a noun counts where a right term
is among its top five. No question was used for teaching,
but failures of the first lists were looked at to find better ways of teaching. So there is a second list of
{second_queries} queries and {second_nouns} nouns, written before that, of which nothing but these shares was looked at
(of some dozen models on the way).

| taught | precision@5 dense / terms | outside the tables | second list |
|---|---|---|---|
{english}

| taught | nouns | outside the tables | second list |
|---|---|---|---|
{nouns_told}

## What it calls strange
A text of the world's own words is never strange. A word alone is judged as a word: each listed one carries how strange
to the world is what it names, by WordNet (a kind of something drawn is held, and so is what lies over such things; a
violin is an instrument, and none of those drawn, so it is strange), by the hand-written tables and by the sentence
encoder. A sentence is judged by a logistic regression on its sense and on its words, learned from captions of the val
split in other words and from sentences of WordNet; its limit is where {mix_false_alarms:.0%} of those that are held are
called strange. `python -m recipes.scenes strangers` makes that again.

The lists below set nothing (`recipes/scenes/strangers.json`, written before the rule was made; the first list of
sentences is older). Words are asked as they are, in the plural, and after "a", "the" and "two": each of the vocabulary
in all forms ({forms}), others in one form each, in turn.

| held | strange | false alarms | told | AUROC |
|---|---|---|---|---|
{strangers}

Known to be weak: what a sentence says of a known thing may be strange all the same ("a boxing match"), and a sentence
that names a known and a strange thing is taken for known.

{unspoken}

## What nothing in a collection answers
The best matches tell it: the share of a question that one of the ten best pictures holds, or of the word alone where
the question is one. The threshold, {answered_from:g}, is such that {answer_false_alarms:.0%} of short questions about
the val split are told though pictures answer them (`python -m recipes.scenes answers`). That share was chosen with a
look at the vocabulary's shares on the test split, given below. On the test split, with and without
the pictures that answer:

| asked | false alarms | told | AUROC |
|---|---|---|---|
{answer_rows}

Of the vocabulary's words these shares are told so in the world of 1,000 test scenes: {answer_forms}. Without the
pictures that show all of "two red birds" others show birds, red ones, and two: most such near misses count as answers.

## Licence
Apache-2.0, like the rest of Sightwords. No outside weights went into it. WordNet 3.0 (© 2006 Princeton University) and
the sentence encoder were used as teachers; nothing of theirs is shipped but single words.
"""


def _recall(recall: dict[str, float]) -> str:
    return " | ".join(f"{recall[key]:.3f}" for key in ("at1", "at5", "at10"))


def _head_row(name: str, f: dict[str, Any], questions: float) -> str:
    r = f["recall"]
    shown = f"**{name}**" if name == SHIPPED_HEAD else name
    return (
        f"| {shown} (L1 {SCENES_HEADS[name].sparsities[0]:g}, anchor {SCENES_HEADS[name].anchor:g}) "
        f"| {r['at1']:.3f} | {f['of_dense']:.3f} | {r['at5']:.3f} | {r['at10']:.3f} "
        f"| {f['flops']:.2f} | {f['query_terms']:.1f} / {f['item_terms']:.1f} "
        f"| {f['exact_at_20']:.2f} | {f['term_precision']:.2f} | {questions:.3f} |"
    )


def _english_row(name: str, f: dict[str, float]) -> str:
    return (
        f"| {name} | {f['dense_precision_at_5']:.2f} / {f['precision_at_5']:.2f} | {f['fresh_precision_at_5']:.2f} "
        f"| {f['second_precision_at_5']:.2f} |"
    )


def _stranger_rows(figures: dict[str, Any]) -> str:
    """A row for each pair of lists."""
    asked, first = strangers(), questions()
    words, told = asked["words"], asked["sentences"]
    pairs = {
        "words": ("the vocabulary", f"{len(words['outside'])} words"),
        "english": (f"{len(words['inside'])} other English words", "the same"),
        "sentences": (f"{len(told['inside'])} sentences", f"{len(told['outside'])} sentences"),
        "first_sentences": (f"{len(first['inside'])} sentences, first list", f"{len(first['outside'])} sentences"),
    }
    rows = ((*sides, figures[name]) for name, sides in pairs.items())
    return "\n".join(
        f"| {held} | {strange} | {f['false_alarms']:.3f} | {f['told']:.2f} | {f['auroc']:.3f} |"
        for held, strange, f in rows
    )


def _noun_row(name: str, f: dict[str, float]) -> str:
    return f"| {name} | {f['nouns']:.2f} | {f['fresh_nouns']:.2f} | {f['second_nouns']:.2f} |"


def model_card(
    figures: dict[str, Any], *, image_parameters: int, text_parameters: int, terms: int, english_words: int
) -> str:
    """The card as Markdown; `figures`: as in figures.json; `terms`, `english_words`: how many there are."""
    asked, fresh = questions(), fresh_questions()
    minutes = figures.get("minutes")
    return _CARD.format(
        kinds=len(KINDS), places=len(PLACES), words=len(WORDS), terms=terms, shipped=SHIPPED_HEAD,
        image_parameters=image_parameters / 1e6, text_parameters=text_parameters / 1e6,
        train=RECIPE.train_scenes, test=RECIPE.test_scenes, captions=5 * RECIPE.test_scenes,
        minutes=f"\n\nOn two CPU cores, shared with other work, it took {minutes:.0f} minutes." if minutes else "",
        oracle=_recall(figures["oracle"]), dense=_recall(figures["dense"]),
        english_words=english_words, queries=len(asked["queries"]), nouns=len(asked["nouns"]),
        fresh_queries=len(fresh.queries), fresh_nouns=len(fresh.nouns),
        second_queries=len(asked["second"]["queries"]), second_nouns=len(asked["second"]["nouns"]),
        english="\n".join(_english_row(name, f) for name, f in figures["english"].items()),
        nouns_told="\n".join(_noun_row(name, f) for name, f in figures["english"].items()),
        heads="\n".join(_head_row(name, f, figures["questions"][name]) for name, f in figures["heads"].items()),
        questions_dense=figures["questions"]["dense"], anchor=SCENES_HEADS[SHIPPED_HEAD].anchor,
        each_step=QUESTIONS.each_step, looked_at=QUESTIONS.looked_at,
        weight=QUESTIONS.weight, dense_weight=QUESTIONS.dense_weight, tau=QUESTIONS.tau,
        question_anchor=QUESTIONS.anchor, asked_in_english=QUESTIONS.english,
        strangers=_stranger_rows(figures["strangers"]), mix_false_alarms=FALSE_ALARMS,
        forms=", ".join(f"{form}: {share:.1%}" for form, share in figures["strangers"]["vocabulary"].items()),
        answer_rows="\n".join(
            f"| {asked} | {f['false_alarms']:.3f} | {f['told']:.2f} | {f['auroc']:.3f} |"
            for asked, f in (
                (f"{ASKED:,} short questions", figures["answers"]["questions"]),
                ("the words of things, colours, places and times", figures["answers"]["words"]),
            )
        ),
        answered_from=answered_from(SCENES), unspoken=unspoken_card(figures["unspoken"]),
        answer_false_alarms=ANSWER_FALSE_ALARMS,
        answer_forms=", ".join(f"{form}: {share:.1%}" for form, share in figures["answers"]["vocabulary"].items()),
        coloured=len(COLOUR_NOUNS), shown=QUESTIONS.shown,
    )  # fmt: skip


def contact_sheet(split: str = "test", first: int = 0) -> Image.Image:
    """A picture of several scenes, as users see them: `first` and following of `split`, COLUMNS × ROWS."""
    step = SIDE + GAP
    sheet = Image.new("RGB", (COLUMNS * step - GAP, ROWS * step - GAP), "white")
    for i in range(COLUMNS * ROWS):
        picture = render(compose(split, first + i)).image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        sheet.paste(picture, (i % COLUMNS * step, i // COLUMNS * step))
    return sheet
