"""Which word lit which term, as two columns joined by curves; plain data to SVG; says where nobody can tell."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.search.attribution import Link, Links

ROW, WIDTH, LEFT, RIGHT, TOP = 26, 560, 150, 390, 16
SHOWN = 16
TITLE = "Which word lit which term?"
NOTHING = '<p class="sw-quiet sw-none">The words light up no term of the vocabulary.</p>'

LINKS_SCRIPT = "sightwords.wordLinks(element, trigger)"


def folded() -> str:
    """The closed fold, before anybody wants to know."""
    return f"<details><summary>{TITLE}</summary></details>"


def word_links_figure(links: "Links", spoken: frozenset[str]) -> str:
    """Words left, terms right, a curve from the word that lit each; `spoken`: terms said literally."""
    named = {link.word for link in links.links[:SHOWN] if link.word is not None}
    words = [i for i in range(len(links.words)) if i in named]
    terms = [link for link in links.links[:SHOWN] if link.word is not None]
    terms.sort(key=lambda link: (link.word or 0, -link.weight))
    vague = [link for link in links.links[:SHOWN] if link.word is None]
    unsure = ""
    if vague:
        named_terms = ", ".join(f"<bdi>{escape(link.term)}</bdi>" for link in vague)
        unsure = f'<p class="sw-quiet sw-none">Several words together, no single one: {named_terms}.</p>'
    if not terms:
        return f"<details open><summary>{TITLE}</summary>{unsure or NOTHING}</details>"
    height = ROW * len(terms) + TOP
    step = (height - TOP) / len(words)
    at = {word: TOP + step * (i + 0.5) for i, word in enumerate(words)}
    curves = "".join(_curve(at[link.word or 0], _row(i), link, spoken) for i, link in enumerate(terms))
    left = "".join(_text(LEFT - 10, at[word], links.words[word], "end", "sw-word") for word in words)
    right = "".join(
        _text(RIGHT + 10, _row(i), link.term, "start", _kind(link.term, spoken)) for i, link in enumerate(terms)
    )
    said = "; ".join(f"{links.words[link.word or 0]} lit {link.term}" for link in terms)
    return (
        f'<details open><summary>{TITLE}</summary><p class="sw-quiet">Each word is left out in turn; a term belongs to '
        "the word without which it falls most. The thicker the line, the deeper the fall.</p>"
        f'<svg class="sw-links" viewBox="0 0 {WIDTH} {height + 6:.0f}" role="img" aria-label="{escape(said)}">'
        f"{curves}{left}{right}</svg>{unsure}</details>"
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
