"""Plan: the rollout plan as a table, what is to be looked at in it, and how a first one is made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from ticketing.clocks.config import ClockConfig
from ticketing.database import db
from ticketing.rollout import queries
from ticketing.rollout.actions import ReasonMissing, clear_warning, reopen_warning, save_plan
from ticketing.rollout.door import days_off
from ticketing.rollout.models import PlanActivity, PlanWarning
from ticketing.rollout.plan import Activity, Plan, seats_and_persons
from ticketing.rollout.template import from_template, go_lives
from ticketing.vocabulary import ActivityCategory, MunicipalityId, Role, Sector
from ticketing.web import plan_wording as words
from ticketing.web import viewing
from ticketing.web.forms import Errors, day_of
from ticketing.web.wording import role_word

blueprint = Blueprint("plan", __name__, url_prefix="/plan")

#: Phases frame the rest, so they stand first.
_ORDER = (
    ActivityCategory.PHASE,
    ActivityCategory.TRAINING,
    ActivityCategory.SETUP,
    ActivityCategory.FAMILIES,
    ActivityCategory.GO_LIVE,
)


@dataclass(frozen=True)
class Row:
    """One activity with what is asked about it, and what was asked and answered."""

    activity: Activity
    is_done: bool
    asking: Sequence[PlanWarning]
    cleared: Sequence[PlanWarning]


@blueprint.get("")
@login_required
def page() -> str:
    """The whole plan by part and sector; `?sektor=`, `?kategori=` and `?kun=bemaerkninger` narrow it down."""
    return _page({})


@blueprint.post("/bemaerkninger/<int:warning_id>/afklar")
@login_required
def clear(warning_id: int) -> ResponseReturnValue:
    """Somebody has looked at it, and says how it is."""
    viewer = planner()
    reason = request.form.get("reason", "")
    try:
        clear_warning(viewer, warning_id, viewing.actor(), viewing.request_time(), reason)
    except ReasonMissing:
        return _page({f"reason-{warning_id}": [_("Skriv, hvordan det er afklaret.")]}), 422
    except LookupError:
        abort(404)
    flash(_("Bemærkningen er afklaret."), "success")
    return redirect(_back())


@blueprint.post("/bemaerkninger/<int:warning_id>/genaabn")
@login_required
def reopen(warning_id: int) -> ResponseReturnValue:
    """It was cleared by mistake."""
    try:
        reopen_warning(planner(), warning_id)
    except LookupError:
        abort(404)
    flash(_("Bemærkningen står åben igen."), "success")
    return redirect(_back())


@blueprint.post("/skabelon")
@login_required
def start_from_template() -> ResponseReturnValue:
    """The first plan: the template's, moved to this municipality's days of going live."""
    owner = planner()
    if queries.activities(db.session(), owner):
        return _page({"go-live": [_("Der er en plan i forvejen. En skabelon er til at begynde på.")]}), 422
    template, off = _template(), days_off(_clocks())
    dates: dict[Sector, date] = {}
    errors: Errors = {}
    for sector in go_lives(template):
        text = request.form.get(f"go-live-{sector}", "").strip()
        if not text:
            continue
        try:
            dates[sector] = day_of(text)
        except ValueError:
            errors[f"go-live-{sector}"] = [_("Skriv en dato, eller lad feltet stå tomt.")]
            continue
        if not off.is_working(dates[sector]):
            errors[f"go-live-{sector}"] = [_("Go-live skal være på en arbejdsdag.")]
    if not dates and not errors:
        errors[f"go-live-{next(iter(go_lives(template)))}"] = [_("Skriv mindst én dato for go-live.")]
    if errors:
        return _page(errors), 422
    saved = save_plan(owner, from_template(template, dates, off), viewing.request_time())
    flash(
        ngettext(
            "Planen er lagt med %(num)d aktivitet. Se bemærkningerne igennem.",
            "Planen er lagt med %(num)d aktiviteter. Se bemærkningerne igennem.",
            saved.created,
        ),
        "success",
    )
    return redirect(url_for("plan.page"))


def _page(errors: Errors) -> str:
    viewer = viewing.viewer()
    if not viewer.overview_paths:
        abort(404)
    session = db.session()
    rows = queries.activities(session, viewer.municipality_id)
    warnings = queries.warnings_by_activity(session, viewer.municipality_id)
    shown = [_row(row, warnings.get(row.id, ())) for row in rows]
    chosen = _narrowing()
    plan = Plan(tuple(row.activity for row in shown))
    return render_template(
        "plan/page.html",
        is_empty=not rows,
        groups=list(_groups([row for row in shown if _is_wanted(row, chosen)])),
        of_plan=_row_of_plan(warnings.get(None, ())),
        asking=sum(not w.cleared_at for found in warnings.values() for w in found),
        count=len(rows),
        seats=seats_and_persons(plan.activities),
        waiting=queries.waiting_proposals(session, viewer.municipality_id),
        may_plan=words.may_plan(viewer),
        chosen=chosen,
        errors=errors,
        typed=request.form,
        go_live_sectors=list(go_lives(_template())),
        organisations=_template().organisations,
        sector_options=[("", _("Alle")), *((s.value, words.sector_words()[s]) for s in Sector)],
        category_options=[("", _("Alle")), *((key, word) for key, word in words.category_words().items())],
        only_options=[("", _("Alle aktiviteter")), ("bemaerkninger", _("Kun med bemærkninger"))],
        category_words=words.category_words(),
        sector_words=words.sector_words(),
        period_words=words.period_words,
        trainer_word=trainer_word,
    )


def trainer_word(key: str) -> str:
    """Who trains, as a page says it: a role's title, or the organisation's name."""
    if key in list(Role):
        return role_word(Role(key))
    return _template().organisations.get(key, key)


def _row(row: PlanActivity, warnings: Sequence[PlanWarning]) -> Row:
    asking = [warning for warning in warnings if warning.cleared_at is None]
    return Row(
        row.value(), row.done_on is not None, asking, [warning for warning in warnings if warning.cleared_at]
    )


def _row_of_plan(warnings: Sequence[PlanWarning]) -> tuple[Sequence[PlanWarning], Sequence[PlanWarning]]:
    asking = [warning for warning in warnings if warning.cleared_at is None]
    return asking, [warning for warning in warnings if warning.cleared_at]


def _groups(rows: Sequence[Row]) -> Iterator[tuple[ActivityCategory, list[tuple[Sector | None, list[Row]]]]]:
    """The rows by part of the plan, and in it by sector; what concerns all of them stands last."""
    for category in _ORDER:
        mine = [row for row in rows if row.activity.category is category]
        by_sector = [
            (sector, [row for row in mine if row.activity.sector == sector]) for sector in (*Sector, None)
        ]
        filled = [(sector, found) for sector, found in by_sector if found]
        if filled:
            yield category, filled


def _is_wanted(row: Row, chosen: dict[str, str]) -> bool:
    sectors, category = row.activity.sectors, chosen.get("kategori")
    return (
        (not chosen.get("sektor") or not sectors or chosen["sektor"] in sectors)
        and (not category or row.activity.category.value == category)
        and (not chosen.get("kun") or bool(row.asking))
    )


def _narrowing() -> dict[str, str]:
    found = {key: request.values.get(key, "")[:20] for key in ("sektor", "kategori", "kun")}
    return {key: value for key, value in found.items() if value}


def _back() -> str:
    """The page as it was narrowed down, at the activity that was worked on."""
    chosen = _narrowing()
    return url_for(
        "plan.page",
        _anchor=request.form.get("key") or None,
        sektor=chosen.get("sektor"),
        kategori=chosen.get("kategori"),
        kun=chosen.get("kun"),
    )


def planner() -> MunicipalityId:
    """The municipality whose plan the viewer may change; 404 for who may not know of it, 403 for who may."""
    viewer = viewing.viewer()
    if not viewer.overview_paths:
        abort(404)
    if not words.may_plan(viewer):
        abort(403)
    return viewer.municipality_id


def _template() -> Plan:
    plan = current_app.extensions["plan"]
    assert isinstance(plan, Plan)
    return plan


def _clocks() -> ClockConfig:
    config = current_app.extensions["clocks"]
    assert isinstance(config, ClockConfig)
    return config
