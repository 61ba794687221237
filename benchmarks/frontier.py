"""One head that is both exact and meant: the anchored recipe, each part left out: `python benchmarks/frontier.py`.

A head is trained for every row on the built-in world as `sightwords reproduce` sees it, and judged on the same 1,000
test scenes. Term precision: the share of a picture's top five noun and colour terms that are true of it. The frontier
is a head with 0.95 of the dense R@1 and a term precision of 0.9.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.data.world_data import world_data
from core.files import home_folder
from core.training.config import TrainingConfig
from core.training.trainer import project
from recipes.scenes.build import train_builtin_head
from recipes.scenes.figures import head_figures
from recipes.scenes.recipe import ANCHORED, HEADS
from recipes.scenes.vocabulary import builtin_vocabulary

RECIPE = HEADS[ANCHORED]
ABLATIONS: dict[str, TrainingConfig] = {
    "the recipe": RECIPE,
    "started from chance": replace(RECIPE, start="chance"),
    "without the anchor": replace(RECIPE, anchor=0.0),
    "neither (the paper's method, as little L1)": replace(RECIPE, start="chance", anchor=0.0),
    "without expansion control": replace(RECIPE, control="none"),
    "word control": replace(RECIPE, control="word"),
    "chance to expand rises by a cosine": replace(RECIPE, schedule="cosine"),
    "with blur, as `train` has it": replace(RECIPE, blur=1.0, tau=None),
    "hidden layer of 1,024": replace(RECIPE, hidden_size=1024),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=8000, help="train scenes")
    options = parser.parse_args()
    with tqdm(desc="the world", unit="scene", mininterval=5) as bar:
        place = world_data(options.scenes, home_folder() / "study", progress=lambda *_: bar.update())
    folder, vocabulary = DenseFolder.read(place), builtin_vocabulary()
    train, test = folder.split("train"), folder.split("test")
    spoken = literal_terms(train.captions, vocabulary)
    print("| | R@1 | of dense | FLOPs | terms caption / image | Exact@20 | term precision | training s |")
    print("|---|---|---|---|---|---|---|---|")
    for name, config in ABLATIONS.items():
        started = time.perf_counter()
        head = train_builtin_head(train, spoken, config, name).eval()
        seconds = time.perf_counter() - started
        found = head_figures(project(head, test.texts), project(head, test.images), test, vocabulary, "test")
        print(
            f"| {name} | {found.recall.at1:.3f} | {found.of_dense:.3f} | {found.flops:.2f} | "
            f"{found.query_terms:.1f} / {found.item_terms:.1f} | {found.exact_at_20:.2f} | "
            f"{found.term_precision:.2f} | {seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
