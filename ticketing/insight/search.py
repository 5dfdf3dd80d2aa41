"""Find anything: one question to the full-text index of either engine, the visibility rule inside it.

What a viewer may read decides what is matched at all: the title for those who may read titles, the text for
those who may read it, the requester's name for those who may know it. So no hit, count or snippet tells more
than the item's own page would.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, false, func, literal, literal_column, or_, select
from sqlalchemy import table as plain_table
from sqlalchemy.engine import Row

from ticketing.accounts.queries import is_valid_on
from ticketing.accounts.rules import Access, Viewer
from ticketing.accounts.visibility import at_least
from ticketing.database import db, path_range
from ticketing.insight.snippets import Snippet, cut
from ticketing.insight.words import SHORTEST_BEGINNING, asked_number, asked_words, stem
from ticketing.insight.worklist import ZONE, ListedItem, listed_columns, to_listed
from ticketing.organisation.models import Person, Post, Unit
from ticketing.vocabulary import WAITING_STATES, ItemId, PersonId, Role, Rung, State
from ticketing.work.models import Message, WorkItem

PAGE_SIZE = 25
MOST_PEOPLE = 8
#: Messages of the shown hits that are looked through for a snippet.
_MOST_MESSAGES = 300
#: The weights of a tsvector, and the columns of the FTS5 table, that each access may match.
_WEIGHTS = {Access.TITLE: "A", Access.MINIMISED: "AB", Access.CONTENT: "ABC"}
_COLUMNS = {Access.TITLE: "title", Access.MINIMISED: "title body", Access.CONTENT: "title body names"}
_INDEX = plain_table("search_index", column("item_id"), column("rowid"), column("words"))
_PEOPLE = plain_table("search_person", column("person_id"), column("rowid"), column("words"))


@dataclass(frozen=True)
class Filters:
    """What narrows a search; null asks nothing. `since` and `before` are UTC bounds of when it was opened."""

    within: str | None = None
    rung: Rung | None = None
    state: State | None = None
    is_open: bool | None = None
    category: str | None = None
    holder_id: PersonId | None = None
    asked_by_id: PersonId | None = None
    since: datetime | None = None
    before: datetime | None = None
    overdue: bool = False


@dataclass(frozen=True)
class Hit:
    """A ticket or task that was found. `snippet` is of what this viewer may read; null where that is the
    title alone."""

    item: ListedItem
    snippet: Snippet | None


@dataclass(frozen=True)
class FoundPerson:
    """A colleague with what they do and where."""

    id: PersonId
    name: str
    places: tuple[tuple[Role, str], ...]


@dataclass(frozen=True)
class Found:
    """The newest hits, at most `PAGE_SIZE`; `has_more` says that there are older ones."""

    hits: tuple[Hit, ...] = ()
    has_more: bool = False
    asked: tuple[str, ...] = field(default=())


def search(viewer: Viewer, question: str, filters: Filters, now: datetime, *, older_than: int = 0) -> Found:
    """The items that hold every word of `question` (any ending of it, or a longer word that begins so), or
    have it as their number; the newest first. Without words the filters alone choose. `older_than`: only
    items with a smaller number, for the next page. Two statements."""
    asked, number = asked_words(question), asked_number(question)
    if question.strip() and not asked and number is None:
        return Found()
    rows = db.session.execute(_wanted(viewer, asked, number, filters, now, older_than)).all()
    shown = rows[:PAGE_SIZE]
    texts = _texts([row.id for row in shown if row.may_read]) if asked else {}
    hits = tuple(Hit(_listed(row), _snippet(row, texts, asked)) for row in shown)
    return Found(hits, len(rows) > PAGE_SIZE, asked)


def search_people(viewer: Viewer, question: str, now: datetime) -> tuple[FoundPerson, ...]:
    """Colleagues of the viewer's municipality with every word of `question` in their name, at most
    `MOST_PEOPLE`, with their posts of today. Two statements."""
    asked = asked_words(question)
    if not asked:
        return ()
    today = now.astimezone(ZONE).date()
    people = db.session.execute(
        select(Person.id, Person.name)
        .join(_PEOPLE, _key(_PEOPLE) == Person.id)
        .where(
            _named(asked),
            Person.municipality_id == viewer.municipality_id,
            or_(Person.left_on.is_(None), Person.left_on > today),
        )
        .order_by(Person.name, Person.id)
        .limit(MOST_PEOPLE)
    ).all()
    posts = db.session.execute(
        select(Post.person_id, Post.role, Unit.name)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Post.person_id.in_([row.id for row in people]), is_valid_on(today))
        .order_by(Post.id)
    ).all()
    return tuple(
        FoundPerson(id_, name, tuple((role, unit) for person, role, unit in posts if person == id_))
        for id_, name in people
    )


def matches(viewer: Viewer, asked: tuple[str, ...]) -> ColumnElement[bool]:
    """A condition on `WorkItem` joined with the index: holds where what the viewer may read of the item has
    every word of `asked`."""
    levels = sorted({grant.access for grant in viewer.grants if grant.access in _WEIGHTS} | {Access.CONTENT})
    if not _on_sqlite():
        query = func.to_tsquery("danish", _tsquery(asked, ""))
        found = [
            and_(
                at_least(viewer, level),
                _INDEX.c.words.op("@@")(func.to_tsquery("danish", _tsquery(asked, _WEIGHTS[level]))),
            )
            for level in levels
        ]
        return and_(_INDEX.c.words.op("@@")(query), or_(false(), *found))
    whole = literal_column("search_index").op("MATCH")(_fts(asked, _COLUMNS[levels[-1]]))
    found = [
        and_(
            at_least(viewer, level),
            _INDEX.c.rowid.in_(
                select(literal_column("rowid"))
                .select_from(plain_table("search_index").alias("level_index"))
                .where(literal_column("level_index.search_index").op("MATCH")(_fts(asked, _COLUMNS[level])))
            )
            if level < levels[-1]
            else literal(value=True),
        )
        for level in levels
    ]
    return and_(whole, or_(false(), *found))


def _wanted(
    viewer: Viewer, asked: tuple[str, ...], number: int | None, filters: Filters, now: datetime, older_than: int
) -> Select[*tuple[Any, ...]]:
    wanted = listed_columns(now).add_columns(
        at_least(viewer, Access.MINIMISED).label("may_read"),
        WorkItem.tried,
        WorkItem.error_text,
    )
    if number is not None:
        wanted = wanted.where(WorkItem.number == number, at_least(viewer, Access.TITLE))
    elif asked:
        wanted = wanted.join(_INDEX, _key(_INDEX) == WorkItem.id).where(matches(viewer, asked))
    else:
        wanted = wanted.where(at_least(viewer, Access.TITLE))
    if older_than:
        wanted = wanted.where(WorkItem.id < older_than)
    newest = (
        (_key(_INDEX).desc(),) if asked and number is None else (WorkItem.opened_at.desc(), WorkItem.id.desc())
    )
    return wanted.where(*_narrowed(viewer, filters, now)).order_by(*newest).limit(PAGE_SIZE + 1)


def _narrowed(viewer: Viewer, filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = [WorkItem.municipality_id == viewer.municipality_id]
    if filters.within is not None:
        low, high = path_range(filters.within)
        asked.append(and_(WorkItem.unit_path >= low, WorkItem.unit_path < high))
    for column_, value in (
        (WorkItem.rung, filters.rung),
        (WorkItem.state, filters.state),
        (WorkItem.category, filters.category),
        (WorkItem.holder_id, filters.holder_id),
    ):
        if value is not None:
            asked.append(column_ == value)
    if filters.is_open is not None:
        asked.append(WorkItem.is_open.is_(filters.is_open))
    if filters.asked_by_id is not None:
        # Who asked is known to those alone who may know the requester.
        asked += [WorkItem.requester_id == filters.asked_by_id, at_least(viewer, Access.CONTENT)]
    if filters.since is not None:
        asked.append(WorkItem.opened_at >= filters.since)
    if filters.before is not None:
        asked.append(WorkItem.opened_at < filters.before)
    if filters.overdue:
        waiting = WorkItem.state.in_(sorted(WAITING_STATES))
        asked += [WorkItem.is_open.is_(True), WorkItem.due_at <= now, ~waiting]
    return asked


def _on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _key(index: Any) -> ColumnElement[int]:
    """The id of what a row of the index is about."""
    if _on_sqlite():
        return index.c.rowid  # type: ignore[no-any-return]  # a column by name
    return index.c[index.columns.keys()[0]]  # type: ignore[no-any-return]  # a column by name


def _named(asked: tuple[str, ...]) -> ColumnElement[bool]:
    if _on_sqlite():
        terms = " AND ".join(f'"{word}" *' for word in asked)
        return literal_column("search_person").op("MATCH")(terms)
    terms = " & ".join(f"{word}:*" for word in asked)
    return _PEOPLE.c.words.op("@@")(func.to_tsquery("simple", terms))


def _tsquery(asked: tuple[str, ...], weights: str) -> str:
    return " & ".join(
        f"{word}:{'*' if len(word) >= SHORTEST_BEGINNING else ''}{weights}".removesuffix(":") for word in asked
    )


def _fts(asked: tuple[str, ...], columns: str) -> str:
    terms = " AND ".join(f'"{stem(word)}"{" *" if len(word) >= SHORTEST_BEGINNING else ""}' for word in asked)
    return f"{{{columns}}} : ({terms})"


def _texts(ids: list[int]) -> Mapping[int, list[str]]:
    """What was written in the items, the newest first."""
    rows = db.session.execute(
        select(Message.item_id, Message.body)
        .where(Message.item_id.in_(ids))
        .order_by(Message.id.desc())
        .limit(_MOST_MESSAGES)
    )
    texts: dict[int, list[str]] = {}
    for item_id, body in rows:
        texts.setdefault(ItemId(item_id), []).append(body)
    return texts


def _listed(row: Row[*tuple[Any, ...]]) -> ListedItem:
    return to_listed(row, without=("may_read", "tried", "error_text"))


def _snippet(
    row: Row[*tuple[Any, ...]], texts: Mapping[int, list[str]], asked: tuple[str, ...]
) -> Snippet | None:
    if not row.may_read:
        return None
    return cut([*texts.get(row.id, ()), row.tried or "", row.error_text or ""], asked)
