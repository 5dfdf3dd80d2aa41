"""What the clocks and the mail of one worker must know of each other after a standstill: colleagues are told
once of all that became due meanwhile, and not of each batch as it is worked off."""

from datetime import datetime, timedelta

from sqlalchemy import select

from ticketing.database import db
from ticketing.insight.models import LeaderDigest
from ticketing.mail.digest import Hold
from ticketing.mail.outbox import SendResult, send_due
from ticketing.work.sweep import BEHIND, is_behind, sweep

#: Without a sweep for so long, the worker stood still (it was not running, or the whole machine slept).
STANDSTILL = timedelta(minutes=5)
#: After a standstill each job gets a turn before colleagues are told anything.
SETTLES = timedelta(seconds=20)
#: While a backlog is worked off, urgent notices wait at most so long, the others at most so long.
URGENT_WAIT = timedelta(minutes=2)
ROUTINE_WAIT = timedelta(minutes=15)


class ItemsFailed(Exception):
    """Some items can't be looked after; the log names them. The others were."""


class Backlog:
    """The clocks and the mail of one worker. `fire` and `send` are its jobs; each is given the time."""

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._last: datetime | None = None
        self._failed = False

    def fire(self, now: datetime) -> None:
        """Fires what is due. Raises `ItemsFailed` when an item could not be looked after."""
        if self._stands_still(now):
            self._began = now
        try:
            result = sweep(now)
        except Exception:
            self._failed = True
            raise
        self._failed, self._last = False, now
        if result.failed:
            raise ItemsFailed(result.failed)

    def send(self, now: datetime) -> SendResult:
        """Sends the mails that are due, but for the notices that must wait for more."""
        return send_due(now, hold=self.hold(now))

    def hold(self, now: datetime) -> Hold:
        """Which notices wait at `now`. Where the clocks fail none does: nothing will become of waiting."""
        if self._failed:
            return Hold.NOTHING
        working = self._working(now)
        if working < SETTLES:
            return Hold.ALL
        if working >= ROUTINE_WAIT or not _is_behind(now):
            return Hold.NOTHING
        return Hold.ALL if working < URGENT_WAIT else Hold.ROUTINE

    def _working(self, now: datetime) -> timedelta:
        """How long the clocks have been looked after since the last standstill."""
        if self._began is None:
            return timedelta()
        begun_again = self._last is None or self._began > self._last
        return timedelta() if self._stands_still(now) and not begun_again else now - self._began

    def _stands_still(self, now: datetime) -> bool:
        return self._last is None or now - self._last > STANDSTILL


def _is_behind(now: datetime) -> bool:
    """Whether items, or the leaders' digests that wait for them, have been due for a while."""
    due = select(LeaderDigest.person_id).where(LeaderDigest.next_at <= now - BEHIND).limit(1)
    return is_behind(now) or db.session.scalar(due) is not None
