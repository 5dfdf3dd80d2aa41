"""Questions that travel, as their page shows them, and the cards they have become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import titled
from ticketing.database import db
from ticketing.knowledge.cards import Card, stems
from ticketing.knowledge.models import KnownQuestion, KnownQuestionItem
from ticketing.organisation.models import Unit
from ticketing.vocabulary import KnownQuestionState, MunicipalityId
from ticketing.work.models import WorkItem

MOST = 50
SHOWN_ITEMS = 12
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Asked:
    """One ticket that asks it, as far as the viewer may know of it."""

    number: int
    title: str
    unit_name: str


@dataclass(frozen=True)
class ShownQuestion:
    """A known question with how often it was asked a week, the first week first. `since`: the place in `weeks`
    from which on it was answered (null: not yet)."""

    question: KnownQuestion
    #: What it is called: by the card, else by a ticket that asks it and is not confidential. Empty: by none.
    title: str
    asked: tuple[Asked, ...]
    weeks: tuple[int, ...]
    since: int | None
    open_count: int
    answered: int
    answering: int

    @property
    def most(self) -> int:
        """The largest week."""
        return max(self.weeks, default=0)


def known_questions(viewer: Viewer, now: datetime) -> list[ShownQuestion]:
    """The newest questions: proposed ones first. Two statements, whatever their number."""
    rank = case(
        (KnownQuestion.state == KnownQuestionState.PROPOSED, 0),
        (KnownQuestion.state == KnownQuestionState.ANSWERED, 1),
        else_=2,
    )
    questions = db.session.scalars(
        select(KnownQuestion)
        .where(KnownQuestion.municipality_id == viewer.municipality_id)
        .order_by(rank, KnownQuestion.last_asked_at.desc(), KnownQuestion.id)
        .limit(MOST)
    ).all()
    rows = db.session.execute(
        select(
            KnownQuestionItem.question_id,
            KnownQuestionItem.handled_at,
            WorkItem.number,
            WorkItem.title,
            WorkItem.opened_at,
            WorkItem.is_open,
            titled(viewer).label("may_read"),
            Unit.name,
        )
        .join(WorkItem, WorkItem.id == KnownQuestionItem.item_id)
        .join(Unit, Unit.id == WorkItem.unit_id)
        .where(
            KnownQuestionItem.question_id.in_([question.id for question in questions]),
            WorkItem.confidential.is_(False),
        )
        .order_by(WorkItem.opened_at, WorkItem.id)
    ).all()
    return [
        _shown(question, [row for row in rows if row.question_id == question.id], now) for question in questions
    ]


def waiting_questions(viewer: Viewer) -> int:
    """How many questions wait for somebody to answer them."""
    waiting = select(func.count()).where(
        KnownQuestion.municipality_id == viewer.municipality_id,
        KnownQuestion.state == KnownQuestionState.PROPOSED,
    )
    return db.session.scalar(waiting) or 0


def known_question(viewer: Viewer, question_id: int) -> KnownQuestion | None:
    """The question, if it is the viewer's municipality's."""
    question = db.session.get(KnownQuestion, question_id)
    return question if question and question.municipality_id == viewer.municipality_id else None


def title_of(question: KnownQuestion) -> str:
    """What the question is called where it is shown alone."""
    rows = db.session.scalars(
        select(WorkItem.title)
        .join(KnownQuestionItem, KnownQuestionItem.item_id == WorkItem.id)
        .where(KnownQuestionItem.question_id == question.id, WorkItem.confidential.is_(False))
        .order_by(WorkItem.opened_at, WorkItem.id)
    ).all()
    return _title(question, rows)


def answered_cards(municipality_id: MunicipalityId) -> tuple[Card, ...]:
    """The answered questions as answer cards, the newest first. One statement over an index."""
    questions = db.session.scalars(
        select(KnownQuestion)
        .where(
            KnownQuestion.municipality_id == municipality_id,
            KnownQuestion.state == KnownQuestionState.ANSWERED,
        )
        .order_by(KnownQuestion.last_asked_at.desc())
        .limit(MOST)
    )
    return tuple(
        Card(
            key=f"known-{question.id}",
            title=question.card_title or question.title,
            categories=frozenset({question.category}),
            stems=stems(f"{question.title} {question.card_title or ''}"),
            text=question.answer or "",
            steps=(),
        )
        for question in questions
    )


def _title(question: KnownQuestion, titles: Sequence[str]) -> str:
    """The ticket that gave the question its title may have become confidential since: then it is another's."""
    if question.card_title:
        return question.card_title
    if any(title.startswith(question.title) for title in titles):
        return question.title
    return titles[0] if titles else ""


def _shown(question: KnownQuestion, rows: Sequence[Any], now: datetime) -> ShownQuestion:
    first = min((row.opened_at for row in rows), default=now)
    weeks = [0] * (max(now - first, timedelta(0)) // _WEEK + 1)
    for row in rows:
        weeks[min((row.opened_at - first) // _WEEK, len(weeks) - 1)] += 1
    decided = question.decided_at if question.state is KnownQuestionState.ANSWERED else None
    readable = [Asked(row.number, row.title, row.name) for row in rows if row.may_read]
    handled = [row for row in rows if decided and question.answers_all and row.opened_at <= decided]
    return ShownQuestion(
        question=question,
        title=_title(question, [row.title for row in rows]),
        asked=tuple(readable[:SHOWN_ITEMS]),
        weeks=tuple(weeks),
        since=(decided - first) // _WEEK + 1 if decided else None,
        open_count=sum(row.is_open for row in rows),
        answered=sum(row.handled_at is not None for row in handled),
        answering=len(handled),
    )
