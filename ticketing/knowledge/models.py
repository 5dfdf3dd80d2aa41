"""Questions that travel: the same question from several institutions, found once and answered for all."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.database import Base, BigKey, Word
from ticketing.vocabulary import ItemId, KnownQuestionState, MunicipalityId, PersonId


class KnownQuestion(Base):
    """One question that several institutions ask. `institutions` and `questions` count what hangs on it.

    Answered, it is an answer card (`card_title`, `answer`) that is offered wherever questions are typed.
    """

    __tablename__ = "known_question"
    __table_args__ = (
        Index("ix_known_question_state", "municipality_id", "state", "last_asked_at"),
        Index(
            "ix_known_question_answering",
            "id",
            sqlite_where=text("answers_all = 1"),
            postgresql_where=text("answers_all"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[KnownQuestionState] = mapped_column(
        Word(KnownQuestionState, 20), default=KnownQuestionState.PROPOSED
    )
    title: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(40))
    found_at: Mapped[datetime]
    last_asked_at: Mapped[datetime]
    institutions: Mapped[int] = mapped_column(Integer)
    questions: Mapped[int] = mapped_column(Integer)
    card_title: Mapped[str | None] = mapped_column(String(80))
    answer: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(String(500))
    #: The answer goes to each who asked before it was given; the worker sends them on their way.
    answers_all: Mapped[bool] = mapped_column(Boolean, default=False)
    #: The activity of the plan that it became, so that one can see whether the question fell.
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("plan_activity.id"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name


class KnownQuestionItem(Base):
    """A ticket that asks a known question; a ticket asks one at most."""

    __tablename__ = "known_question_item"
    __table_args__ = (Index("ix_known_question_item_question", "question_id", "item_id"),)

    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("known_question.id"))
    #: When the answer for all was given here, or could not be (somebody had solved it, a lane forbids it).
    handled_at: Mapped[datetime | None]
