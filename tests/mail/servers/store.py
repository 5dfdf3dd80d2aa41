"""What a mail server keeps: folders, messages and the order in which things happened. In memory."""

import itertools
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes


@dataclass(frozen=True)
class Stored:
    """A message where it lies now. `came` numbers the arrivals in folders: a move is an arrival too."""

    id: str
    raw: bytes
    folder: str
    is_read: bool
    received: datetime
    came: int

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.raw)["Message-ID"] or "").strip()


@dataclass
class Store:
    """One mailbox. `folders`: id → (name, parent id); `sent`: what was handed in, as it was."""

    address: str
    folders: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            "inbox": ("Indbakke", "root"),
            "f-karantaene": ("Karantæne", "root"),
            "f-behandlet": ("Behandlet", "root"),
            "f-aula": ("Aula", "inbox"),
        }
    )
    messages: dict[str, Stored] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _counter: itertools.count = field(default_factory=lambda: itertools.count(1))

    def receive(self, *raws: bytes, folder: str = "inbox", is_read: bool = False) -> None:
        """Mail arrives."""
        with self.lock:
            for raw in raws:
                number = next(self._counter)
                name = f"m{number}"
                self.messages[name] = Stored(name, raw, folder, is_read, datetime.now(UTC), number)

    def hand_in(self, raw: bytes) -> None:
        """A mail is sent; one to the mailbox itself arrives in it."""
        with self.lock:
            self.sent.append(raw)
            if self.address.lower() in str(message_from_bytes(raw)["To"]).lower():
                self.receive(raw)

    def move(self, name: str, folder: str) -> None:
        with self.lock:
            self.messages[name] = replace(self.messages[name], folder=folder, came=next(self._counter))

    def mark_read(self, name: str) -> None:
        with self.lock:
            self.messages[name] = replace(self.messages[name], is_read=True)

    def inside(self, folder: str, after: int = 0) -> list[Stored]:
        """The messages of a folder that came after number `after`, in the order they came."""
        with self.lock:
            found = [one for one in self.messages.values() if one.folder == folder and one.came > after]
        return sorted(found, key=lambda one: one.came)

    def bodies(self, folder: str) -> list[bytes]:
        return [one.raw for one in self.inside(folder)]
