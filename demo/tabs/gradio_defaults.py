"""How the tabs use Gradio's HTML and events; the one place that knows its quirks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from gradio.blocks import Block

# "${value}" is filled in without being read as a template again, so that a text holding {{…}} or ${…} stays text
PLAIN: dict[str, Any] = {"html_template": "${value}", "apply_default_css": False, "padding": False}
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

Changes = dict[Block, Any]
"""What an event changes: a component → its new value, or a Gradio update; components that it does not name stay."""


def by_component(components: Mapping[str, Block], values: NamedTuple) -> Changes:
    """Named values for the components of the same names."""
    return {components[name]: value for name, value in values._asdict().items()}


def tell_busy(triggers: Sequence[Callable[..., Any]], event: Callable[[], Any]) -> None:
    """Has the page say that it computes, from the triggers on until the event that they set off is answered.

    `event`: wires that event, and returns it. It comes second, as the page works on what a trigger sets off in turn.
    """
    for trigger in triggers:
        trigger(None, None, None, js="() => sightwords.busy(true)")
    event().then(None, None, None, js="() => sightwords.busy(false)")
