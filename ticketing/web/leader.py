"""Ledelse: what is unresolved at each institution, where it is stuck, and what to press."""

from datetime import datetime, timedelta

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from ticketing.accounts.queries import NotFound
from ticketing.insight.coverage import Coverage
from ticketing.insight.queries import (
    LIST_LENGTH,
    UnresolvedRow,
    open_items,
    overview_unit,
    unresolved_by_department,
    unresolved_by_institution,
)
from ticketing.vocabulary import Rung, UnitId
from ticketing.web import viewing
from ticketing.web.wording import duration

blueprint = Blueprint("leader", __name__, url_prefix="/leder")

#: The columns of the table. What lies with a vendor is out of the house and stands last.
SHOWN_RUNGS = (
    Rung.EMPLOYEE,
    Rung.SUPERUSER,
    Rung.ADMINISTRATOR,
    Rung.SERVICEDESK,
    Rung.LEADER,
    Rung.PROJECT,
    Rung.VENDOR,
)


@blueprint.get("")
@login_required
def page() -> str:
    """A row for each of the viewer's institutions."""
    viewer, now = viewing.viewer(), viewing.request_time()
    rows = unresolved_by_institution(viewer, now)
    return render_template(
        "leader/page.html",
        rows=[row for row in rows if not _is_quiet(row)],
        quiet=[row for row in rows if _is_quiet(row)],
        rungs=_rungs_of(rows),
        now=now,
        **_words(),
    )


@blueprint.get("/enhed/<int:unit_id>")
@login_required
def unit(unit_id: int) -> str:
    """One unit: a row for each department and the open items with their titles."""
    viewer, now = viewing.viewer(), viewing.request_time()
    try:
        found = overview_unit(viewer, UnitId(unit_id))
    except NotFound:
        abort(404)
    chosen = request.args.get("trin")
    rung = Rung(chosen) if chosen in list(Rung) else None
    rows = unresolved_by_department(viewer, now, found)
    items = open_items(viewer, found, rung)
    return render_template(
        "leader/unit.html",
        unit=found,
        rows=rows,
        rungs=_rungs_of(rows),
        items=items,
        rung=rung,
        most=LIST_LENGTH,
        now=now,
        **_words(),
    )


def stuck_sentence(row: UnresolvedRow) -> str:
    """What is stuck in this row and why, in one sentence; empty when nothing is."""
    places = ", ".join(row.uncovered)
    if row.stuck:
        waits = ngettext(
            "%(num)d sag venter på en superbruger", "%(num)d sager venter på en superbruger", row.stuck
        )
        if row.coverage is Coverage.ABSENT:
            return _("%(waits)s; ingen er til stede i %(places)s.", waits=waits, places=places)
        if row.uncovered == (row.unit_name,):
            return _("%(waits)s; enheden har ingen.", waits=waits)
        return _("%(waits)s; %(places)s har ingen.", waits=waits, places=places)
    nobody = (
        _("ingen superbruger er til stede i %(places)s", places=places)
        if row.coverage is Coverage.ABSENT
        else _("%(places)s har ingen superbruger", places=places)
    )
    if row.passed_on:
        passed = ngettext("%(num)d sag er gået videre", "%(num)d sager er gået videre", row.passed_on)
        why = nobody if row.uncovered else _("ingen på trinnet var til stede")
        return _("%(passed)s: %(why)s.", passed=passed, why=why)
    if row.uncovered:
        return _("Nye spørgsmål går videre: %(why)s.", why=nobody)
    return ""


def age(row: UnresolvedRow, now: datetime) -> str:
    """How old the oldest open item is, in whole days, on its first day in hours, then minutes: "9 d", "5 t"."""
    if row.oldest_opened_at is None:
        return ""
    length = now - row.oldest_opened_at
    if length < timedelta(hours=1):
        return duration(length)
    unit = timedelta(days=1) if length >= timedelta(days=1) else timedelta(hours=1)
    return duration(length // unit * unit)


def coverage_look(coverage: Coverage | None) -> tuple[str, str, str]:
    """Badge, icon and word for a coverage."""
    looks = {
        Coverage.COVERED: ("done", "check", _("Dækket")),
        Coverage.UNTRAINED: ("waiting", "warning", _("Ikke uddannet endnu")),
        Coverage.ABSENT: ("late", "warning", _("Ingen superbruger til stede")),
        Coverage.VACANT: ("late", "error", _("Ingen superbruger")),
    }
    return looks[coverage] if coverage else ("", "", "")


def _is_quiet(row: UnresolvedRow) -> bool:
    """Nothing is open, and whoever asks next finds a trained superuser: no line of its own is needed."""
    return not row.open_count and row.coverage in (Coverage.COVERED, None)


def _rungs_of(rows: list[UnresolvedRow]) -> list[Rung]:
    """The four rungs of the ladder always, the others where something waits."""
    used = {rung for row in rows for rung in row.open_by_rung}
    return [rung for rung in SHOWN_RUNGS if rung in used or rung in SHOWN_RUNGS[:4]]


def _words() -> dict[str, object]:
    return {"stuck_sentence": stuck_sentence, "coverage_look": coverage_look, "age": age}
