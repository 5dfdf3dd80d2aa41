"""What people do with a question that travels: answer it once for all, or put it aside."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ticketing.database import path_range, transaction
from ticketing.knowledge.models import KnownQuestion, KnownQuestionItem
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.organisation.queries import valid_on
from ticketing.organisation.rules import unit_ids
from ticketing.privacy.cpr import mask
from ticketing.vocabulary import ItemId, KnownQuestionState, Role, Sector
from ticketing.work.actions import Actor, solve
from ticketing.work.errors import IllegalMove, MissingReason, UnknownItem
from ticketing.work.models import WorkItem
from ticketing.work.notices import staff_letter
from ticketing.work.queries import LOCAL_ZONE

#: Whose go-live lies within this long hears of a question before it is asked there.
NEXT_IN_THE_WAVE = timedelta(weeks=6)


def answer_known_question(
    question_id: int, actor: Actor, now: datetime, *, card_title: str, answer: str, to_all: bool
) -> KnownQuestion:
    """Makes the question an answer card, and tells the superusers of the institutions that go live within
    `NEXT_IN_THE_WAVE` before they are asked. With `to_all`, the worker solves every ticket that asks it with
    the same answer (`answer_those_who_asked`). Answered again, the card is changed; nobody is told twice.

    Raises `UnknownItem` for no question, `MissingReason` without a title or an answer.
    """
    if not answer.strip() or not card_title.strip():
        raise MissingReason
    with transaction() as session:
        question = _locked(session, question_id)
        question.card_title = mask(card_title.strip())[0][:80]
        question.answer = mask(answer.strip())[0]
        question.state = KnownQuestionState.ANSWERED
        question.answers_all = to_all
        question.decided_at, question.decided_by_id = now, actor.person_id
        session.flush()
        _tell_the_next(session, question, now)
        return question


def dismiss_known_question(question_id: int, actor: Actor, now: datetime, *, reason: str) -> KnownQuestion:
    """Puts the question aside with a reason; new tickets about it are still counted to it."""
    if not reason.strip():
        raise MissingReason
    with transaction() as session:
        question = _locked(session, question_id)
        question.state, question.answers_all = KnownQuestionState.DISMISSED, False
        question.reason = mask(reason.strip())[0][:500]
        question.decided_at, question.decided_by_id = now, actor.person_id
        session.flush()
        return question


def answer_those_who_asked(now: datetime, limit: int = 200) -> int:
    """Solves the open tickets of questions answered for all, in the name of who answered; how many.

    Each ticket is a transaction of its own with the note that it is handled, so after a crash the rest is
    done and nothing twice. One that its lane or rung forbids is left to those who have it.
    """
    solved = 0
    for _ in range(limit):
        done = _answer_next(now)
        if done is None:
            break
        solved += done
    return solved


def _answer_next(now: datetime) -> bool | None:
    """Whether the next ticket was solved; None when there is none left."""
    with transaction() as session:
        row = session.execute(
            select(KnownQuestionItem, KnownQuestion, WorkItem.is_open)
            .join(KnownQuestion, KnownQuestion.id == KnownQuestionItem.question_id)
            .join(WorkItem, WorkItem.id == KnownQuestionItem.item_id)
            .where(
                KnownQuestion.answers_all,
                KnownQuestionItem.handled_at.is_(None),
                WorkItem.opened_at <= KnownQuestion.decided_at,
                WorkItem.confidential.is_(False),
            )
            .order_by(KnownQuestionItem.question_id, KnownQuestionItem.item_id)
            .limit(1)
            .with_for_update(skip_locked=True, of=KnownQuestionItem)
        ).first()
        if row is None:
            return None
        asked, question, is_open = row
        asked.handled_at = now
        session.flush()
        return is_open and _solve(session, asked.item_id, question, now)


def _solve(session: Session, item_id: ItemId, question: KnownQuestion, now: datetime) -> bool:
    assert question.answer is not None
    try:
        with session.begin_nested():
            solve(item_id, Actor("person", question.decided_by_id), now, text=question.answer)
    except IllegalMove:
        return False
    return True


def _locked(session: Session, question_id: int) -> KnownQuestion:
    question = session.get(KnownQuestion, question_id, with_for_update=True, populate_existing=True)
    if question is None:
        raise UnknownItem
    return question


def _tell_the_next(session: Session, question: KnownQuestion, now: datetime) -> None:
    """One mail a superuser and question, however often it is answered, when they are at work."""
    municipality = session.get_one(Municipality, question.municipality_id)
    for person in _superusers_next_in_the_wave(session, question, now):
        staff_letter(
            session,
            municipality,
            person.id,
            now,
            purpose="known_question",
            key=f"travelling:{question.id}:{person.id}",
            subject=f"Et spørgsmål, som flere institutioner stiller: {question.card_title}",
            lines=[
                f"Hej {person.name.split()[0]}",
                "Flere institutioner, der er kommet i gang før jer, spørger om det samme:",
                question.card_title or question.title,
                "Svaret er:",
                question.answer or "",
                f"Svarkortet ligger her: {{base}}/nyt?kategori={question.category}",
            ],
        )


def _superusers_next_in_the_wave(session: Session, question: KnownQuestion, now: datetime) -> list[Person]:
    today = now.astimezone(LOCAL_ZONE).date()
    coming = session.scalars(
        select(Unit.path).where(
            Unit.municipality_id == question.municipality_id,
            Unit.go_live_on > today,
            Unit.go_live_on <= today + NEXT_IN_THE_WAVE,
            Unit.sector.in_(_sectors(session, question)),
        )
    ).all()
    if not coming:
        return []
    inside = [and_(Unit.path >= low, Unit.path < high) for low, high in map(path_range, coming)]
    above = {unit_id for path in coming for unit_id in unit_ids(path)}
    return list(
        session.scalars(
            select(Person)
            .join(Post, Post.person_id == Person.id)
            .join(Unit, Unit.id == Post.unit_id)
            .where(
                Post.municipality_id == question.municipality_id,
                Post.role == Role.SUPERUSER,
                valid_on(today),
                Person.left_on.is_(None),
                or_(*inside, Unit.id.in_(above)),
            )
            .order_by(Person.id)
        ).unique()
    )


def _sectors(session: Session, question: KnownQuestion) -> list[Sector | None]:
    rows = (
        select(WorkItem.sector)
        .join(KnownQuestionItem, KnownQuestionItem.item_id == WorkItem.id)
        .where(KnownQuestionItem.question_id == question.id)
        .distinct()
    )
    return list(session.scalars(rows))
