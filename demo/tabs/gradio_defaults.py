"""How the tabs use Gradio's HTML and events; the one place that knows its quirks."""

from typing import Any

# "${value}" is filled in without being read as a template again, so that a text holding {{…}} or ${…} stays text
PLAIN: dict[str, Any] = {"html_template": "${value}", "apply_default_css": False, "padding": False}
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

Changes = dict[Any, Any]
"""What an event changes: a component → its new value, or a Gradio update; components that it does not name stay."""
