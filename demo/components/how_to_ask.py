"""How to ask, on one screen beside the box for the question: each sign with an example that one press asks."""

from html import escape

from demo.components.offered_question import offered_question

SIGNS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("a cat -dog", "a street without cars", "no people"), "leaves out what has the thing"),
    (("+dog a beach", "cat AND dog"), "the thing must be there; both must"),
    (("sofa AND (cat OR bird)",), "a sofa, and one of the two"),
    (('a man -"red hat"',), "several words as one thing"),
    (("cat^2 dog", "2:cat dog"), "counts twice; from -10 to 10, below 0 against"),
    (('"no dogs"',), "in double quotes: spoken as it is"),
    (("3 dogs", "🐶"), "numbers and emoji are words"),
)


def how_to_ask() -> str:
    """The table, folded."""
    rows = "".join(
        f"<tr><td>{' '.join(offered_question(example) for example in examples)}</td><td>{escape(meaning)}</td></tr>"
        for examples, meaning in SIGNS
    )
    return (
        '<details class="sw-how"><summary>How to ask</summary>'
        f"<table><thead><tr><th>You write</th><th>It means</th></tr></thead><tbody>{rows}</tbody></table>"
        "<p>What is left out or demanded is a chip below, which a press takes back. A picture has a thing when it "
        "would answer a question for it. Misspelt words are corrected, and the page says so.</p></details>"
    )
