"""Attachments: kept once by their content, outside the web root."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from ticketing.privacy.cpr import mask
from ticketing.vocabulary import Scan
from ticketing.work.links import settings
from ticketing.work.models import Attachment, Message


@dataclass(frozen=True)
class NewFile:
    """A file as it came in; its name is only a label."""

    name: str
    media_type: str
    content: bytes


def keep_files(session: Session, message: Message, files: Sequence[NewFile]) -> None:
    """Stores the files of `message`. A file is complete on disk before its row is written, so a crash
    leaves at most an unused file, never a row without one."""
    for file in files:
        digest = hashlib.sha256(file.content).hexdigest()
        _write_once(path_of(digest), file.content)
        session.add(
            Attachment(
                municipality_id=message.municipality_id,
                item=message.item,
                message=message,
                name=mask(file.name)[0][:200],
                media_type=file.media_type[:100],
                size=len(file.content),
                sha256=digest,
                scan=Scan.PENDING if settings().clamd else Scan.OFF,
                scan_at=message.at if settings().clamd else None,
            )
        )


def path_of(sha256: str) -> Path:
    """Where the content with this digest lies."""
    return settings().data_dir / "attachments" / sha256[:2] / sha256


def _write_once(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
