"""From editing a weight to seeing results, in the page itself: python benchmarks/editing.py [--items 100000]

Starts the app on the built-in world, or with `--items` on a collection of so many items made from it (each the vector
of one of its pictures with terms dropped and weights shaken, and that picture's thumbnail), asks a question in chromium
and edits the weight of a chip again and again. A time runs from the keystroke to the moment at which the changed
results lie in the page and the browser has had two frames to paint them. Never part of the tests.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.progress import track

from core.library.built_in_world import ensure_world
from core.library.world_folder import world_path
from core.models.model import Model
from core.models.registry import load_model
from demo.state.app import AppState
from demo.web import serve
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUESTIONS = ("a dog on a sofa", "two boats on the sea at night", "a red car on a street")
BATCH = 2_000
# Types a weight into the first chip; resolves with the milliseconds until chip and results have changed on the screen.
EDIT = """weight => new Promise((done, fail) => {
  const chip = document.querySelector('#query-terms .sw-chip'), field = chip.querySelector('input');
  const grid = document.querySelector('#grid'), before = grid.innerHTML, term = chip.dataset.term;
  const wanted = weight.toFixed(4), start = performance.now();
  const late = setTimeout(() => fail(new Error('no answer within 20 seconds')), 20000);
  const look = new MutationObserver(() => {
    const now = document.querySelector(`#query-terms .sw-chip[data-term="${term}"]`);
    if (!now || now.dataset.weight !== wanted || document.querySelector('#grid').innerHTML === before) return;
    look.disconnect(); clearTimeout(late);
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
  });
  look.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  field.focus(); field.value = weight.toFixed(2);
  field.dispatchEvent(new Event('input', {bubbles: true}));
  field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
})"""


def main() -> None:
    """Prints the median and the 95th percentile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, help="items of the collection; the built-in world when left out")
    parser.add_argument("--edits", type=int, default=20, help="per question")
    options = parser.parse_args()
    model = load_model()
    world = world_path(model)
    ensure_world(model, world)
    with tempfile.TemporaryDirectory() as folder:
        place = world if options.items is None else grown(model, world, Path(folder) / "grown", options.items)
        app = serve(AppState(model, place))
        try:
            times = edited(app.local_url, options.edits)
        finally:
            app.close(verbose=False)
    p50, p95 = np.percentile(times, [50, 95])
    items = options.items or "the world's 1,000"
    Console().print(f"{items} items, {len(times)} edits: p50 {p50:.0f} ms, p95 {p95:.0f} ms, worst {max(times):.0f} ms")


def grown(model: Model, world: Path, place: Path, count: int) -> Path:
    """A collection of `count` items that look like the world's but are not all alike."""
    rng = np.random.default_rng(0)
    with Collection.open(world) as small:
        items = list(small.all_items())
        vectors = small.vectors([item.id for item in items])
    thumbnails = [Path(item.thumbnail).read_bytes() if item.thumbnail else None for item in items]
    with Collection.create(place, model=model.name, vocabulary=model.vocabulary.terms) as large:
        for start in track(range(0, count, BATCH), description="items"):
            large.add(
                [
                    NewItem(
                        kind="image", path=f"{items[n % len(items)].path}#{n}", caption=items[n % len(items)].caption,
                        content_hash=str(n), vector=shaken(vectors[n % len(items)], rng),
                        thumbnail=thumbnails[n % len(items)],
                    )
                    for n in range(start, min(start + BATCH, count))
                ]
            )  # fmt: skip
    return place


def shaken(vector: SparseVector, rng: np.random.Generator) -> SparseVector:
    """Nine in ten of the terms, each weight times 0.7 to 1.3."""
    kept = rng.random(len(vector)) < 0.9
    weights = vector.weights[kept] * rng.uniform(0.7, 1.3, int(kept.sum())).astype(np.float32)
    return SparseVector(vector.terms[kept], weights)


def edited(url: str, edits: int) -> list[float]:
    """Milliseconds of every edit; the first of each question is not counted."""
    times: list[float] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page: Page = browser.new_page(viewport={"width": 1440, "height": 900})
        for question in QUESTIONS:
            page.goto(f"{url}?q={question.replace(' ', '+')}")
            page.locator("#query-terms .sw-chip").first.wait_for(timeout=120_000)
            page.locator("#grid .sw-card").first.wait_for(timeout=120_000)
            times += [page.evaluate(EDIT, 0.5 + 0.1 * (7 * number % 30)) for number in range(edits + 1)][1:]
        browser.close()
    return times


if __name__ == "__main__":
    main()
