"""A question that is offered as a button, to be asked with one press."""

from html import escape

QUESTIONS_SCRIPT = "sightwords.questions(element, trigger)"


def offered_question(text: str, label: str = "") -> str:
    """The button; `label`: what stands on it where that is not the question itself."""
    return (
        f'<button type="button" class="sw-question" data-question-text="{escape(text)}" '
        f'title="Search for: {escape(text)}"><bdi>{escape(label or text)}</bdi></button>'
    )
