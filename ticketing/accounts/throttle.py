"""Slows down guessing of passwords."""

from datetime import datetime, timedelta
from threading import Lock

MOST_FAILURES = 5
WINDOW = timedelta(minutes=15)
MOST_KEPT = 10_000


class SignInThrottle:
    """At most `MOST_FAILURES` wrong passwords in `WINDOW` for one account from one address.

    Kept in the memory of one process: a restart forgets, several processes each count for themselves,
    and somebody with many addresses gets as many tries an address. It stops a patient script, not a
    botnet; argon2 makes each try dear.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], list[datetime]] = {}
        self._lock = Lock()

    def wait_until(self, email: str, address: str, now: datetime) -> datetime | None:
        """When the next try is allowed, or None when it is allowed now."""
        with self._lock:
            recent = self._recent((_account(email), address), now)
        return recent[-MOST_FAILURES] + WINDOW if len(recent) >= MOST_FAILURES else None

    def failed(self, email: str, address: str, now: datetime) -> None:
        """Notes a wrong password."""
        key = (_account(email), address)
        with self._lock:
            if len(self._failures) >= MOST_KEPT:
                self._forget_old(now)
            self._failures[key] = [*self._recent(key, now), now]

    def succeeded(self, email: str, address: str) -> None:
        """The right password: the count begins anew."""
        with self._lock:
            self._failures.pop((_account(email), address), None)

    def _recent(self, key: tuple[str, str], now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, []) if at > now - WINDOW]

    def _forget_old(self, now: datetime) -> None:
        kept = {key: times for key, times in self._failures.items() if times[-1] > now - WINDOW}
        # All of them recent: under attack, the oldest give way, for memory is bounded.
        newest = sorted(kept.items(), key=lambda entry: entry[1][-1])[-MOST_KEPT // 2 :]
        self._failures = dict(newest)


def _account(email: str) -> str:
    return email.strip().lower()


throttle = SignInThrottle()
