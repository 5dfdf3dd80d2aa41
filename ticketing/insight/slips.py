""" "Mente du …?": a slip of the finger put right, out of words that the viewer may read anyway."""

from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import select

from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import titled
from ticketing.database import db
from ticketing.insight.words import is_meant, words
from ticketing.work.models import WorkItem

#: The newest titles whose words may be meant.
TITLES = 300
_SHORTEST = 4
_ALIKE = 0.7


def meant(viewer: Viewer, asked: Sequence[str], more: Iterable[str]) -> str | None:
    """The question `asked` with each unknown word replaced by the one it is most like among `more` (names of
    units, topics, cards) and the newest titles the viewer may read; null where nothing is near. One
    statement, so call it when nothing was found."""
    titles = db.session.scalars(
        select(WorkItem.title)
        .where(WorkItem.municipality_id == viewer.municipality_id, titled(viewer))
        .order_by(WorkItem.opened_at.desc())
        .limit(TITLES)
    )
    return put_right(asked, [*titles, *more])


def put_right(asked: Sequence[str], texts: Iterable[str]) -> str | None:
    """`asked` with its slips put right by the words of `texts`; null where there is none."""
    known = sorted({word for text in texts for word in words(text) if len(word) >= _SHORTEST})
    right = [_nearest(word, known) for word in asked]
    return None if right == list(asked) else " ".join(right)


def _nearest(word: str, known: Sequence[str]) -> str:
    if len(word) < _SHORTEST or any(is_meant(word, other) for other in known):
        return word
    near = process.extractOne(word, known, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE)
    return near[0] if near else word
