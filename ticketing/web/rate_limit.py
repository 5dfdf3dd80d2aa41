"""How often the same address may do something: a brake on robots, kept in this process's memory.

Several processes brake separately, so the real limit is theirs together; what must hold exactly is decided
in the database, not here.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic


@dataclass
class RateLimit:
    """At most `times` in `seconds` for each key."""

    times: int
    seconds: float
    clock: Callable[[], float] = monotonic
    _seen: dict[str, deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def allows(self, key: str) -> bool:
        """Counts one more for `key`; False when that is one too many."""
        now = self.clock()
        with self._lock:
            self._forget(now)
            seen = self._seen.setdefault(key, deque())
            if len(seen) >= self.times:
                return False
            seen.append(now)
            return True

    def _forget(self, now: float) -> None:
        for key, seen in list(self._seen.items()):
            while seen and seen[0] <= now - self.seconds:
                seen.popleft()
            if not seen:
                del self._seen[key]
