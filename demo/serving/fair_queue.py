"""Gradio's queue with turns: a session that asks much waits for itself, not the others for it."""

import time
from collections import Counter
from collections.abc import Iterable
from statistics import fmean
from typing import Any, Literal

import fastapi
from gradio.block_function import BlockFunction
from gradio.blocks import Blocks
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, Queue
from gradio.utils import LRUCache

MOST_RUNNING = 2  # events of one session that are worked on at once
MOST_PENDING = 32  # events of one session whose answers it has not fetched; a page never has ten
MOST_WAITING = 1_000  # events of all sessions
MOST_SESSIONS = 300  # whose answers wait to be fetched
UNREAD_S = 60.0  # how long answers wait to be fetched
HALF_LIFE_S = 60.0  # after which what was done for a visitor counts half
BUSY = "You asked many things at once; wait for the answers and ask again."
UNKNOWN = "There is no such action here; /gradio_api/info lists them."

Pushed = tuple[bool, str | list[dict[str, Any]], Literal["success", "error", "queue_full", "validator_error"]]


class Spent:
    """The seconds that were worked for each visitor, which fade; a newcomer begins with the mean of the others."""

    def __init__(self) -> None:
        self._spent: LRUCache[str, tuple[float, float]] = LRUCache(MOST_SESSIONS)  # seconds, and when that was

    def add(self, visitor: str, seconds: float, now: float) -> None:
        """Notes that so much was done for a visitor."""
        self._spent[visitor] = self.of([visitor], now)[visitor] + seconds, now

    def of(self, visitors: Iterable[str], now: float) -> dict[str, float]:
        """What counts for each of these visitors now."""
        known = {who: seconds * 0.5 ** ((now - when) / HALF_LIFE_S) for who, (seconds, when) in self._spent.items()}
        mean = fmean(known.values()) if known else 0.0
        return {who: known.get(who, mean) for who in visitors}


class FairQueue(Queue):
    """The queue of an app for strangers: bounded, and in turns.

    The next event is of the visitor for whom the least is being done, and then of whom the least was done for. Not more
    than `MOST_RUNNING` events of a visitor run at once. A visitor is a session; those who name none are told apart by
    their address. Knows no batches, which no event here has.
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
        self._spent = Spent()
        self._asked: dict[str, float] = {}  # when each session last asked

    async def push(self, body: PredictBodyInternal, request: fastapi.Request, username: str | None) -> Pushed:
        """Takes an event in; a sentence instead for a session that has too many, and for an action that is none."""
        self._forget_unread(time.monotonic())
        if len(self.pending_event_ids_session.get(body.session_hash or "", ())) >= MOST_PENDING:
            return False, BUSY, "error"
        action = self.blocks.fns.get(body.fn_index if body.fn_index is not None else -1)
        if action is None or action.fn is None:  # some events are scripts of the page alone
            return False, UNKNOWN, "error"
        self._asked[body.session_hash or ""] = time.monotonic()  # before there is anything to fetch
        return await super().push(body, request, username)

    def _forget_unread(self, now: float) -> None:
        """Drops answers that nobody has fetched for long, and what Gradio leaves behind of sessions that it forgot."""
        for session, messages in [*self.pending_messages_per_session.items()]:
            if messages.qsize() and now - self._asked.setdefault(session, now) > UNREAD_S:
                del self.pending_messages_per_session[session]
        for gone in self.pending_event_ids_session.keys() - self.pending_messages_per_session.keys():
            del self.pending_event_ids_session[gone]
        if len(self._asked) > 2 * MOST_SESSIONS:
            self._asked = {one: asked for one, asked in self._asked.items() if now - asked <= UNREAD_S}

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The next event to work on, with whether it is a batch and what it is counted under; None for none."""
        running = Counter(visitor(event) for job in self.active_jobs if job for event in job)
        waiting = [
            event
            for queue in self.event_queue_per_concurrency_id.values()
            if queue.concurrency_limit is None or queue.current_concurrency < queue.concurrency_limit
            for event in queue.queue
            if running[visitor(event)] < MOST_RUNNING
        ]
        if not waiting:
            return None
        spent = self._spent.of({visitor(event) for event in waiting}, time.time())
        first = min(waiting, key=lambda one: (running[visitor(one)], spent[visitor(one)], one.enqueue_time))
        self.event_queue_per_concurrency_id[first.concurrency_id].queue.remove(first)
        return [first], False, first.concurrency_id

    async def process_events(self, events: list[Event], batch: bool, begin_time: float, fn: BlockFunction) -> None:
        """Works on events as Gradio does, and notes for whom, and for how long."""
        try:
            await super().process_events(events, batch, begin_time, fn)
        finally:
            now = time.time()
            self._spent.add(visitor(events[0]), now - begin_time, now)


def visitor(event: Event) -> str:
    """Whom an event is of: its session, or the address that it came from; Gradio names a session that has no name."""
    client = event.request.client if event.session_hash == event._id and event.request is not None else None
    return client.host if client is not None else event.session_hash
