"""Which word of a query brought which term: two columns joined by curves, and the terms that no single word brought."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.search.links import Link, Links

ROW, WIDTH, LEFT, RIGHT, TOP = 26, 560, 150, 390, 16  # of the figure; LEFT and RIGHT: where the curves end
SHOWN = 16  # terms
TITLE = "Which word lit which term?"
NOTHING = '<p class="sw-quiet sw-none">The words light up no term of the vocabulary.</p>'

LINKS_SCRIPT = "sightwords.wordLinks(element, trigger)"


def closed_word_links() -> str:
    """The fold while it is closed and empty; opening it asks for its content."""
    return f"<details><summary>{TITLE}</summary></details>"


def word_links_figure(links: "Links", spoken: frozenset[str]) -> str:
    """The open fold: words on the left, terms on the right, a curve from the word that brought each term.

    `spoken`: the terms that the person said.
    """
    named = {link.word for link in links.links[:SHOWN] if link.word is not None}
    words = [i for i in range(len(links.words)) if i in named]
    terms = [link for link in links.links[:SHOWN] if link.word is not None]
    terms.sort(key=lambda link: (link.word or 0, -link.weight))
    shared = [link for link in links.links[:SHOWN] if link.word is None]
    several = ""
    if shared:
        named_terms = ", ".join(f"<bdi>{escape(link.term)}</bdi>" for link in shared)
        several = f'<p class="sw-quiet sw-none">Several words together, no single one: {named_terms}.</p>'
    if not terms:
        return f"<details open><summary>{TITLE}</summary>{several or NOTHING}</details>"
    height = ROW * len(terms) + TOP
    step = (height - TOP) / len(words)
    at = {word: TOP + step * (i + 0.5) for i, word in enumerate(words)}
    curves = "".join(_curve(at[link.word or 0], _row(i), link, spoken) for i, link in enumerate(terms))
    left = "".join(_text(LEFT - 10, at[word], links.words[word], "end", "sw-word") for word in words)
    right = "".join(
        _text(RIGHT + 10, _row(i), link.term, "start", _kind(link.term, spoken)) for i, link in enumerate(terms)
    )
    label = "; ".join(f"{links.words[link.word or 0]} lit {link.term}" for link in terms)
    return (
        f'<details open><summary>{TITLE}</summary><p class="sw-quiet">Each word is left out in turn; a term belongs to '
        "the word without which it falls most. The thicker the line, the deeper the fall.</p>"
        f'<svg class="sw-links" viewBox="0 0 {WIDTH} {height + 6:.0f}" role="img" aria-label="{escape(label)}">'
        f"{curves}{left}{right}</svg>{several}</details>"
    )


def _row(i: int) -> float:
    return TOP + ROW * (i + 0.5)


def _kind(term: str, spoken: frozenset[str]) -> str:
    return "sw-literal" if term in spoken else "sw-expansion"


def _curve(y1: float, y2: float, link: "Link", spoken: frozenset[str]) -> str:
    word = link.word or 0
    fall, term = link.falls[word], link.term
    middle = (LEFT + RIGHT) / 2
    return (
        f'<path class="{_kind(term, spoken)}" data-word="{word}" data-term="{escape(term)}" '
        f'd="M{LEFT} {y1:.1f}C{middle:.0f} {y1:.1f} {middle:.0f} {y2:.1f} {RIGHT} {y2:.1f}" '
        f'stroke-width="{1 + 4 * min(max(fall, 0.0), 1.0):.1f}"></path>'
    )


def _text(x: float, y: float, text: str, anchor: str, style: str) -> str:
    shown = text if len(text) <= 18 else text[:17] + "…"
    return f'<text class="{style}" x="{x}" y="{y:.1f}" text-anchor="{anchor}" dy=".35em">{escape(shown)}</text>'
