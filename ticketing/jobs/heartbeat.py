"""The worker's sign of life: a small file in the data folder with when each job last ran and how it went."""

import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Beat:
    """A job's latest run: when it ended (UTC) and the name of its error (null: it went well)."""

    at: datetime
    error: str | None


class Heartbeat:
    """Writes and reads the beats in `data_dir`/worker.json. A reader never sees half a file."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "worker.json"
        self._writing = threading.Lock()

    def beat(self, job: str, at: datetime, error: str | None) -> None:
        """Remember that `job` ended at `at`."""
        with self._writing:
            beats = self.beats() | {job: Beat(at, error)}
            new = self._path.with_suffix(f".{os.getpid()}.new")
            raw = {name: {"at": beat.at.isoformat(), "error": beat.error} for name, beat in beats.items()}
            new.write_text(json.dumps(raw), encoding="utf-8")
            new.replace(self._path)

    def beats(self) -> dict[str, Beat]:
        """Every job's latest run; empty when no worker has run with this data folder."""
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {name: Beat(datetime.fromisoformat(row["at"]), row["error"]) for name, row in raw.items()}
