"""Lets many stories happen in the order of time, with the sweep of deadlines between their steps."""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.work.errors import IllegalMove
from ticketing.work.models import WorkItem
from ticketing.work.sweep import sweep

#: A story runs to its next step when asked for the next one, and says when that will be.
Steps = Iterator[datetime]


class History:
    """Stories that are told up to `end`: what lies later never happens."""

    def __init__(self, session: Session, end: datetime) -> None:
        self.session, self.end = session, end
        self.swept = datetime.min.replace(tzinfo=end.tzinfo)
        self.waiting: list[tuple[datetime, int, Steps]] = []
        self.added = 0

    def add(self, at: datetime, steps: Steps) -> None:
        """The first step of `steps` happens `at`."""
        self.added += 1
        heapq.heappush(self.waiting, (at, self.added, steps))

    def run(self) -> None:
        """Tells all stories, so that warnings and breaches have their true times."""
        while self.waiting:
            at, order, steps = heapq.heappop(self.waiting)
            if at >= self.end:
                continue
            self._sweep_until(at)
            try:
                following = next(steps, None)
            except IllegalMove:
                continue  # a deadline changed the item first; the story stands where that left it
            if following is not None:
                heapq.heappush(self.waiting, (following, order, steps))
        self._sweep_until(self.end)

    def _sweep_until(self, at: datetime) -> None:
        """Fires each deadline at its own moment, as a worker that is always there would."""
        while (due := self.session.scalar(select(func.min(WorkItem.next_at)))) is not None:
            moment = max(due, self.swept + timedelta(seconds=1))
            if moment > at:
                return
            sweep(moment)
            self.swept = moment
