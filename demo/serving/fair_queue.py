"""Gradio's queue with turns: a session that asks much waits for itself, not the others for it."""

from collections import Counter
from typing import Any, Literal

import fastapi
from gradio.blocks import Blocks
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, Queue
from gradio.utils import LRUCache

MOST_RUNNING = 2  # events of one session that are worked on at once
MOST_PENDING = 64  # events of one session whose answers it has not fetched; a page never has ten
MOST_WAITING = 1_000  # events of all sessions
MOST_SESSIONS = 300  # whose answers wait to be fetched
BUSY = "You asked many things at once; wait for the answers and ask again."
UNKNOWN = "There is no such action here; /gradio_api/info lists them."

Pushed = tuple[bool, str | list[dict[str, Any]], Literal["success", "error", "queue_full", "validator_error"]]


class FairQueue(Queue):
    """The queue of an app for strangers: bounded, and in turns.

    The next event is the first of those sessions that are worked for least. Not more than `MOST_RUNNING` events of a
    session run at once. Knows no batches, which no event here has.
    """

    def __init__(self, blocks: Blocks, concurrency_limit: int, update_intervals: float) -> None:
        super().__init__(
            live_updates=False,
            concurrency_count=blocks.max_threads,
            update_intervals=update_intervals,
            max_size=MOST_WAITING,
            blocks=blocks,
            default_concurrency_limit=concurrency_limit,
        )
        self.pending_messages_per_session = LRUCache(MOST_SESSIONS)

    async def push(self, body: PredictBodyInternal, request: fastapi.Request, username: str | None) -> Pushed:
        """Takes an event in; a sentence instead for a session that has too many, and for an action that is none."""
        for gone in self.pending_event_ids_session.keys() - self.pending_messages_per_session.keys():
            del self.pending_event_ids_session[gone]  # Gradio forgets the answers of old sessions, and not these
        if len(self.pending_event_ids_session.get(body.session_hash or "", ())) >= MOST_PENDING:
            return False, BUSY, "error"
        action = self.blocks.fns.get(body.fn_index if body.fn_index is not None else -1)
        if action is None or action.fn is None:  # some events are scripts of the page alone
            return False, UNKNOWN, "error"
        return await super().push(body, request, username)

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The next event to work on, with whether it is a batch and what it is counted under; None for none."""
        running = Counter(event.session_hash for job in self.active_jobs if job for event in job)
        waiting = [
            event
            for queue in self.event_queue_per_concurrency_id.values()
            if queue.concurrency_limit is None or queue.current_concurrency < queue.concurrency_limit
            for event in queue.queue
            if running[event.session_hash] < MOST_RUNNING
        ]
        if not waiting:
            return None
        first = min(waiting, key=lambda event: (running[event.session_hash], event.enqueue_time))
        self.event_queue_per_concurrency_id[first.concurrency_id].queue.remove(first)
        return [first], False, first.concurrency_id
