"""Søg: tickets, answer cards and colleagues by one field; what narrows it stands in the address."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.accounts.rules import Viewer
from ticketing.database import db
from ticketing.insight.saved_views import NotKept, drop_view, keep_view, views_of
from ticketing.insight.search import Filters, search, search_people
from ticketing.insight.slips import meant
from ticketing.insight.snippets import marked
from ticketing.insight.technical import unit_names_within
from ticketing.insight.words import asked_words, is_meant, words
from ticketing.knowledge.cards import Card
from ticketing.knowledge.queries import answered_cards
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import PersonId, Rung, State, UnitId
from ticketing.web import viewing
from ticketing.web.wording import COPENHAGEN

blueprint = Blueprint("search", __name__, url_prefix="/soeg")

#: What an address may say, in the order in which it says it.
FIELDS = ("q", "enhed", "trin", "tilstand", "emne", "har", "spurgt", "fra", "til", "frist")
MOST_CARDS = 5
_LONGEST = 120

W = TypeVar("W", bound=StrEnum)


@blueprint.get("")
@login_required
def page() -> str:
    """The field, the filters and what they find; `?foer=` goes on with older tickets."""
    viewer, now, asked = viewing.viewer(), viewing.request_time(), _asked(request.args)
    question = asked.get("q", "")
    found = None
    if asked:
        older_than = request.args.get("foer", 0, type=int)
        found = search(
            viewer, question, _filters(viewer, asked), now, older_than=max(0, min(older_than, 2**62))
        )
    only_words = not set(asked) - {"q"}
    cards = _cards(question) if only_words else []
    people = search_people(viewer, question, now) if only_words else ()
    units = unit_names_within(viewer, _root(viewer)) if viewer.seats else []
    nothing = found is not None and not (found.hits or cards or people)
    return render_template(
        "search/page.html",
        asked=asked,
        words=asked_words(question),
        found=found,
        cards=cards,
        people=people,
        suggestion=_suggestion(viewer, question, units) if nothing else None,
        units=units,
        categories=[(c.key, c.name_da) for c in viewing.ladder_config().categories.values() if c.active],
        persons=_names(viewer, asked),
        Rung=Rung,
        State=State,
        filter_count=len(set(asked) - {"q"}),
        views=views_of(viewer),
        address=urlencode(asked),
        steps=_steps() if viewer.sets_rules else [],
        may_share=viewer.sets_rules,
        me=viewer.person_id,
        marked=marked,
    )


@blueprint.post("/visninger")
@login_required
def keep() -> ResponseReturnValue:
    """Gem denne visning."""
    asked = _asked(request.form)
    try:
        view = keep_view(
            viewing.viewer(),
            viewing.request_time(),
            name=request.form.get("name", ""),
            address=urlencode(asked),
            step=request.form.get("step") or None,
        )
    except NotKept:
        flash(_("Visningen er ikke gemt. Giv den et navn, eller fjern en gammel visning først."), "error")
    else:
        flash(_("Visningen »%(name)s« er gemt.", name=view.name), "success")
    return redirect(f"{url_for('search.page')}?{urlencode(asked)}")


@blueprint.post("/visninger/<int:view_id>/fjern")
@login_required
def drop(view_id: int) -> ResponseReturnValue:
    """Fjern visningen."""
    if not drop_view(viewing.viewer(), view_id):
        abort(404)
    flash(_("Visningen er fjernet."), "success")
    return redirect(url_for("search.page"))


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    """What the address asks for, without what is empty or unknown."""
    return {name: given[name].strip()[:_LONGEST] for name in FIELDS if given.get(name, "").strip()}


def _filters(viewer: Viewer, asked: Mapping[str, str]) -> Filters:
    state = asked.get("tilstand")
    until = _day(asked.get("til"))
    return Filters(
        within=_path(viewer, asked.get("enhed")),
        rung=_word(Rung, asked.get("trin")),
        state=_word(State, state),
        is_open={"aaben": True, "afsluttet": False}.get(state or ""),
        category=asked.get("emne"),
        holder_id=_person(viewer, asked.get("har")),
        asked_by_id=_person(viewer, asked.get("spurgt")),
        since=_midnight(_day(asked.get("fra"))),
        before=_midnight(until + timedelta(days=1)) if until and until < date.max else None,
        overdue=asked.get("frist") == "over",
    )


def _word(kind: type[W], value: str | None) -> W | None:
    return kind(value) if value in set(kind) else None


def _person(viewer: Viewer, value: str | None) -> PersonId | None:
    if value == "mig":
        return viewer.person_id
    return PersonId(int(value)) if value and value.isdecimal() and len(value) < 18 else None


def _path(viewer: Viewer, value: str | None) -> str | None:
    """The path of a unit of the viewer's municipality; an unknown one narrows nothing."""
    if not value or not value.isdecimal() or len(value) > 17:
        return None
    unit = db.session.get(Unit, UnitId(int(value)))
    return unit.path if unit and unit.municipality_id == viewer.municipality_id else None


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), COPENHAGEN) if day and day.year > 1 else None


def _names(viewer: Viewer, asked: Mapping[str, str]) -> dict[str, str]:
    """The names of the colleagues that the address names by their ids."""
    named = {}
    for key in ("har", "spurgt"):
        person_id = _person(viewer, asked.get(key))
        person = db.session.get(Person, person_id) if person_id and asked[key] != "mig" else None
        if person and person.municipality_id == viewer.municipality_id:
            named[key] = person.name
    return named


def _cards(question: str) -> list[Card]:
    """Answer cards with every word of the question, those that have it in the title first."""
    asked = asked_words(question)
    if not asked:
        return []
    cards = (*answered_cards(viewing.viewer().municipality_id), *current_app.extensions["cards"])
    fits = [card for card in cards if _has(f"{card.title} {card.text} {' '.join(card.steps)}", asked)]
    fits.sort(key=lambda card: not _has(card.title, asked))
    return fits[:MOST_CARDS]


def _has(text: str, asked: tuple[str, ...]) -> bool:
    found = words(text)
    return all(any(is_meant(one, word) for word in found) for one in asked)


def _suggestion(viewer: Viewer, question: str, units: list[tuple[UnitId, str]]) -> str | None:
    topics = [category.name_da for category in viewing.ladder_config().categories.values()]
    cards = [card.title for card in current_app.extensions["cards"]]
    return meant(viewer, asked_words(question), [*(name for _id, name in units), *topics, *cards])


def _steps() -> list[tuple[str, str]]:
    ladder = viewing.ladder_of(viewing.municipality())
    return [(key, step.name_da) for key, step in ladder.steps.items()]


def _root(viewer: Viewer) -> str:
    return "/" + viewer.seats[0].unit_path.split("/", 2)[1] + "/"
