"""A question that travels: asked by several institutions within two days, it is answered once for all.

1. `find_travelling` looks at the newest tickets of a municipality, groups those about the same thing, and
   proposes one known question for each group that comes from enough institutions. New tickets about a question
   that is known already are counted to it. It may run as often as one likes, in any number of workers.
2. A person answers the question (`actions.answer_known_question`) or puts it aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.knowledge.models import KnownQuestion, KnownQuestionItem
from ticketing.organisation.models import Municipality, Unit
from ticketing.organisation.rules import unit_ids
from ticketing.vocabulary import ItemId, ItemKind, KnownQuestionState, MunicipalityId, UnitId, UnitKind
from ticketing.work.models import Message, WorkItem
from ticketing.work.similar import LOOKED_AT, Question, groups

WITHIN = timedelta(hours=48)
FROM_INSTITUTIONS = 3
#: The newest tickets that are looked at: an outage's evening, or a go-live day of a large municipality.
NEWEST = 1_000
#: A known question is recognised for this long after it was last asked, by its first tickets.
REMEMBERED = timedelta(days=90)
_SAMPLES = 3
_TITLE_LENGTH = 200


@dataclass(frozen=True)
class Found:
    """What a look has changed: questions proposed, and tickets counted to one known before."""

    proposed: int = 0
    counted: int = 0


def find_travelling_everywhere(now: datetime) -> Found:
    """`find_travelling` for each municipality, each in a transaction of its own."""
    with transaction() as session:
        ids = session.scalars(select(Municipality.id).order_by(Municipality.id)).all()
    found = [find_travelling(one, now) for one in ids]
    return Found(sum(one.proposed for one in found), sum(one.counted for one in found))


def find_travelling(municipality_id: MunicipalityId, now: datetime) -> Found:
    """Groups the tickets of the last two days (confidential ones never: their words stay with those who may
    read them) and proposes what enough institutions ask. Six statements, and one a question found."""
    try:
        return _look(municipality_id, now)
    except IntegrityError:
        return Found()  # another worker looked at the same moment: a ticket asks one question at most


def _look(municipality_id: MunicipalityId, now: datetime) -> Found:
    with transaction() as session:
        fresh = _newest(session, municipality_id, now)
        if not fresh:
            return Found()
        of_item = _known_of(session, [item.id for item in fresh])
        samples = _samples(session, municipality_id, now)
        of_sample = {sample.id: question_id for sample, question_id in samples}
        proposed = counted = 0
        known = {question.id: question for question in _alive(session, municipality_id, now)}
        for group in groups([*(sample for sample, _ in samples), *(_as_question(item) for item in fresh)]):
            new = [one for one in group if one.id not in of_item and one.place]
            belongs = _known_of_group(group, of_item, of_sample)
            if belongs in known and new:
                counted += _count(session, known[belongs], new, fresh)
            elif belongs is None and len({one.place for one in group if one.place}) >= FROM_INSTITUTIONS:
                _propose(session, municipality_id, group, fresh, now)
                proposed += 1
        return Found(proposed, counted)


@dataclass(frozen=True)
class _Asked:
    id: ItemId
    title: str
    text: str
    category: str
    institution: UnitId | None
    opened_at: datetime


def _newest(session: Session, municipality_id: MunicipalityId, now: datetime) -> list[_Asked]:
    """The tickets of the last two days, the oldest first."""
    rows = session.execute(
        select(WorkItem.id, WorkItem.title, WorkItem.category, WorkItem.unit_path, WorkItem.opened_at)
        .where(
            WorkItem.municipality_id == municipality_id,
            WorkItem.opened_at > now - WITHIN,
            WorkItem.opened_at <= now,
            WorkItem.kind == ItemKind.TICKET,
            WorkItem.confidential.is_(False),
        )
        .order_by(WorkItem.opened_at.desc(), WorkItem.id.desc())
        .limit(NEWEST)
    ).all()
    bodies = _first_words(session, [row.id for row in rows])
    houses = _institutions(session, municipality_id)
    return [
        _Asked(
            row.id,
            row.title,
            bodies.get(row.id, ""),
            row.category,
            next(
                (UnitId(int(part)) for part in row.unit_path.split("/") if part and int(part) in houses), None
            ),
            row.opened_at,
        )
        for row in reversed(rows)
    ]


def _first_words(session: Session, item_ids: Sequence[int]) -> dict[int, str]:
    """What each item's asker wrote first."""
    first = (
        select(func.min(Message.id))
        .where(Message.item_id.in_(item_ids), Message.is_public)
        .group_by(Message.item_id)
    )
    rows = session.execute(
        select(Message.item_id, func.substr(Message.body, 1, LOOKED_AT)).where(Message.id.in_(first))
    )
    return {row[0]: row[1] for row in rows}


def _institutions(session: Session, municipality_id: MunicipalityId) -> set[int]:
    return set(
        session.scalars(
            select(Unit.id).where(Unit.municipality_id == municipality_id, Unit.kind == UnitKind.INSTITUTION)
        )
    )


def _as_question(item: _Asked) -> Question:
    return Question(item.id, item.institution or 0, item.title, item.text, item.category)


def _known_of(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """Item → the known question that it asks."""
    rows = session.execute(
        select(KnownQuestionItem.item_id, KnownQuestionItem.question_id).where(
            KnownQuestionItem.item_id.in_(item_ids)
        )
    )
    return {row[0]: row[1] for row in rows}


def _alive(session: Session, municipality_id: MunicipalityId, now: datetime) -> Sequence[KnownQuestion]:
    return session.scalars(
        select(KnownQuestion)
        .where(
            KnownQuestion.municipality_id == municipality_id,
            KnownQuestion.state.in_(list(KnownQuestionState)),
            KnownQuestion.last_asked_at > now - REMEMBERED,
        )
        .order_by(KnownQuestion.id)
    ).all()


def _samples(session: Session, municipality_id: MunicipalityId, now: datetime) -> list[tuple[Question, int]]:
    """The first tickets of each known question, so that a new one about it is recognised. They come from no
    place: what makes a question travel is who asks now."""
    rank = (
        func.row_number()
        .over(partition_by=KnownQuestionItem.question_id, order_by=KnownQuestionItem.item_id)
        .label("rank")
    )
    ranked = (
        select(KnownQuestionItem.item_id, KnownQuestionItem.question_id, rank)
        .join(KnownQuestion, KnownQuestion.id == KnownQuestionItem.question_id)
        .where(KnownQuestion.municipality_id == municipality_id, KnownQuestion.last_asked_at > now - REMEMBERED)
        .subquery()
    )
    rows = session.execute(
        select(WorkItem.id, WorkItem.title, WorkItem.category, ranked.c.question_id)
        .join(ranked, ranked.c.item_id == WorkItem.id)
        .where(ranked.c.rank <= _SAMPLES)
        .order_by(WorkItem.id)
    ).all()
    bodies = _first_words(session, [row.id for row in rows])
    return [
        (Question(row.id, 0, row.title, bodies.get(row.id, ""), row.category), row.question_id) for row in rows
    ]


def _known_of_group(
    group: Sequence[Question], of_item: dict[int, int], of_sample: dict[int, int]
) -> int | None:
    """The known question that most of the group asks, if any does."""
    named = [of_item.get(one.id) or of_sample.get(one.id) for one in group]
    votes = [question_id for question_id in named if question_id is not None]
    return max(set(votes), key=lambda question_id: (votes.count(question_id), -question_id)) if votes else None


def _count(session: Session, question: KnownQuestion, new: Sequence[Question], fresh: Sequence[_Asked]) -> int:
    ids = {one.id for one in new}
    asked = [item for item in fresh if item.id in ids]
    session.add_all(KnownQuestionItem(item_id=item.id, question_id=question.id) for item in asked)
    session.flush()
    question.questions += len(asked)
    question.institutions = _from_institutions(session, question)
    question.last_asked_at = max(question.last_asked_at, *(item.opened_at for item in asked))
    session.flush()
    return len(asked)


def _from_institutions(session: Session, question: KnownQuestion) -> int:
    houses = _institutions(session, question.municipality_id)
    paths = session.scalars(
        select(WorkItem.unit_path)
        .join(KnownQuestionItem, KnownQuestionItem.item_id == WorkItem.id)
        .where(KnownQuestionItem.question_id == question.id)
        .distinct()
    )
    return len({unit_id for path in paths for unit_id in unit_ids(path) if unit_id in houses})


def _propose(
    session: Session,
    municipality_id: MunicipalityId,
    group: Sequence[Question],
    fresh: Sequence[_Asked],
    now: datetime,
) -> None:
    ids = {one.id for one in group}
    asked = [item for item in fresh if item.id in ids]
    categories = [item.category for item in asked]
    question = KnownQuestion(
        municipality_id=municipality_id,
        title=asked[0].title[:_TITLE_LENGTH],
        category=max(sorted(set(categories)), key=categories.count),
        found_at=now,
        last_asked_at=asked[-1].opened_at,
        institutions=len({item.institution for item in asked if item.institution}),
        questions=len(asked),
    )
    session.add(question)
    session.flush()
    session.add_all(KnownQuestionItem(item_id=item.id, question_id=question.id) for item in asked)
    session.flush()
