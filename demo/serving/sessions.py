"""What is kept of each visitor's page between its events: its state, and not Gradio's copy of the whole page.

Gradio keeps, for each session, the settings of every component and what it shows, so that a "deep link" can bring the
page back. Making them takes 50 ms, and each holds the last answer with its pictures. Links here are questions.
"""

import datetime
from copy import copy
from typing import Any

from gradio.blocks import Blocks
from gradio.components import State
from gradio.state_holder import SessionState, StateHolder

CLOSED_S = 3600  # how long the state of a closed page is kept, in case that it is opened again


class Session(SessionState):
    """The state of one page."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = CLOSED_S

    def __setitem__(self, key: int, value: Any) -> None:
        block = self.blocks_config.blocks.get(key)
        if isinstance(block, State):
            self._state_ttl[key] = (block.time_to_live, datetime.datetime.now())
            self.state_data[key] = value
        else:
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Nothing: no settings are kept."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing: what is shown is not kept."""


class Sessions(StateHolder):
    """The sessions of an app; those that were used last, where they are too many."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        self.set_blocks(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)
