"""`python -m core.builtin`: makes the built-in model from nothing; `… figures`: measures the shipped one again."""

import argparse
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from core.builtin.build import corpus, dataset, train_builtin_head, train_towers
from core.builtin.card import model_card
from core.builtin.figures import dense_figures, head_figures, oracle_figures
from core.builtin.recipe import HEADS, RECIPE, SHIPPED
from core.builtin.sheet import contact_sheet
from core.builtin.vocabulary import builtin_vocabulary
from core.dense import DenseDataset
from core.encoders.scenes import SceneEncoder
from core.head import SparseHead
from core.head_folder import HEAD_VOCABULARY
from core.registry import SCENES
from core.spoken import spoken_terms
from core.training.trainer import project
from core.vocabulary import Vocabulary

log = logging.getLogger("core.builtin")


def main() -> None:
    """Parses the command line and runs it."""
    parser = argparse.ArgumentParser(prog="python -m core.builtin", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["make", "heads", "figures"], default="make",
                        help="everything; only the heads; only the shipped model's figures")  # fmt: skip
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "sightwords-builtin",
                        help="where drawn scenes and finished stages are kept (about 2 GB)")  # fmt: skip
    parser.add_argument("--out", type=Path, default=SCENES, help="the folder of the built-in model")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options.cache.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if options.what == "make":
        make_encoder(options.cache, options.out)
    if options.what != "figures":
        make_heads(options.cache, options.out)
    minutes = (time.monotonic() - started) / 60 if options.what == "make" else None
    measure(options.cache, options.out, minutes)


def make_encoder(cache: Path, out: Path) -> None:
    """Trains both towers and writes them in half precision."""
    train_towers(RECIPE, cache).save(out / "encoder.safetensors")


def make_heads(cache: Path, out: Path) -> None:
    """Trains every head of the recipe on the shipped encoder's vectors; writes all of them, and their figures."""
    encoder = SceneEncoder.load(out / "encoder.safetensors")  # as shipped: half precision and frozen
    vocabulary = builtin_vocabulary()
    train = _encoded(encoder, "train", RECIPE.train_scenes, cache, phrases=True)  # queries are short, too
    test = _encoded(encoder, "test", RECIPE.test_scenes, cache)
    spoken = spoken_terms(train.captions, vocabulary)
    figures: dict[str, Any] = {"heads": {}}
    for name, config in HEADS.items():
        head = train_builtin_head(train, spoken, config, name)
        place = out if name == SHIPPED else out / "heads" / name.replace(" ", "-")  # the others are to compare with
        head.save(place, half=True, training=asdict(config))
        vocabulary.save(place / HEAD_VOCABULARY)
        head = SparseHead.load(place)
        figures["heads"][name] = _judge(head, test, vocabulary)
        log.info("%s: %s", name, figures["heads"][name])
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def measure(cache: Path, out: Path, minutes: float | None) -> None:
    """Measures the shipped files on the test split and writes figures.json and the model card."""
    encoder, head = SceneEncoder.load(out / "encoder.safetensors"), SparseHead.load(out)
    vocabulary = Vocabulary.load(out / HEAD_VOCABULARY)
    test = _encoded(encoder, "test", RECIPE.test_scenes, cache)
    figures = json.loads((out / "figures.json").read_text("utf-8"))
    figures["oracle"] = asdict(oracle_figures("test", RECIPE.test_scenes))
    figures["dense"] = asdict(dense_figures(test))
    figures["heads"][SHIPPED] = _judge(head, test, vocabulary)
    if minutes is not None:
        figures["minutes"] = minutes
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    card = model_card(
        figures,
        image_parameters=sum(p.numel() for p in encoder.image_tower.parameters()),
        text_parameters=sum(p.numel() for p in encoder.text_tower.parameters()),
        terms=len(vocabulary),
    )
    (out / "MODEL_CARD.md").write_text(card, "utf-8")
    contact_sheet().save(out / "contact_sheet.webp", quality=85, method=6)
    for name in ("oracle", "dense"):
        log.info("%s: %s", name, figures[name])
    log.info("%s: %s", SHIPPED, figures["heads"][SHIPPED])


def _encoded(encoder: SceneEncoder, split: str, count: int, cache: Path, *, phrases: bool = False) -> DenseDataset:
    return dataset(encoder.image_tower, encoder.text_tower, corpus(split, count, cache), phrases=phrases)


def _judge(head: SparseHead, test: DenseDataset, vocabulary: Vocabulary) -> dict[str, Any]:
    return asdict(head_figures(project(head, test.texts), project(head, test.images), test, vocabulary, "test"))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
