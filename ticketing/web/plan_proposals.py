"""Forslag: what a file proposes for the plan, accepted, set right or rejected row by row."""

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from ticketing.database import db
from ticketing.rollout import proposals, queries
from ticketing.rollout.actions import ReasonMissing, UnusablePlan
from ticketing.rollout.documents import Known, UnreadablePlan, is_structured, read_document
from ticketing.rollout.door import days_off
from ticketing.rollout.models import PlanImport, PlanProposal
from ticketing.rollout.plan import Period
from ticketing.vocabulary import MunicipalityId, Role, Sector
from ticketing.web import plan_wording as words
from ticketing.web import viewing
from ticketing.web.forms import Errors
from ticketing.web.plan import planner
from ticketing.web.wording import role_word

blueprint = Blueprint("plan_proposals", __name__, url_prefix="/plan/forslag")

#: What a person may set right before the row is accepted, and how the form calls it.
_FIELDS = ("audience", "category", "sector", "start", "end", "hours", "paid_seats", "responsible")


@blueprint.get("")
@login_required
def page() -> ResponseReturnValue:
    """The files that have proposed something, newest first, and a form for another."""
    return _page({})


@blueprint.post("")
@login_required
def upload() -> ResponseReturnValue:
    """Reads a file into proposals. With a fault in a structured file nothing is kept."""
    owner = planner()
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page({"file": [_("Vælg en fil.")]}), 422
    try:
        made, is_new = _read(owner, file)
    except UnreadablePlan as error:
        return _page({"file": list(error.problems[:20])}), 422
    if made is None:
        sentence = _("Der er ingen rækker i filen, som ligner en plan: en tabel med målgruppe og periode.")
        return _page({"file": [sentence]}), 422
    if not is_new:
        flash(_("Filen er læst før. Her er dens forslag."), "info")
    return redirect(url_for("plan_proposals.one", import_id=made.id))


@blueprint.get("/<int:import_id>")
@login_required
def one(import_id: int) -> ResponseReturnValue:
    """One file: its rows with the words they were read from, counts of seats, and what is wrong."""
    return _one(import_id, None, {})


@blueprint.post("/raekke/<int:proposal_id>/godkend")
@login_required
def accept(proposal_id: int) -> ResponseReturnValue:
    """The row as it was set right becomes part of the plan."""
    owner = planner()
    proposal = _proposal(owner, proposal_id)
    try:
        row = proposals.accept(
            owner, proposal_id, viewing.actor(), viewing.request_time(), _changes(proposal.row, request.form)
        )
    except proposals.AlreadyDecided:
        return _already(proposal)
    except proposals.WrongValues as error:
        return _one(proposal.import_id, proposal_id, _named(error.messages, proposal_id)), 422
    except UnusablePlan as error:
        return _one(proposal.import_id, proposal_id, {f"audience-{proposal_id}": list(error.sentences)}), 422
    flash(_("%(key)s er nu en del af planen.", key=row.key), "success")
    return redirect(_next(proposal))


@blueprint.post("/raekke/<int:proposal_id>/afvis")
@login_required
def reject(proposal_id: int) -> ResponseReturnValue:
    """The row is not to be part of the plan."""
    owner = planner()
    proposal = _proposal(owner, proposal_id)
    reason = request.form.get("reason", "")
    try:
        proposals.reject(owner, proposal_id, viewing.actor(), viewing.request_time(), reason)
    except proposals.AlreadyDecided:
        return _already(proposal)
    except ReasonMissing:
        errors = {f"reason-{proposal_id}": [_("Skriv, hvorfor rækken ikke skal med.")]}
        return _one(proposal.import_id, proposal_id, errors), 422
    flash(_("Rækken er afvist. Den ligger her stadig med sin kilde."), "success")
    return redirect(_next(proposal))


@blueprint.post("/<int:import_id>/godkend-klare")
@login_required
def accept_quiet(import_id: int) -> ResponseReturnValue:
    """All rows that nothing is to be said about, at once."""
    owner = planner()
    _import(owner, import_id)
    try:
        count = proposals.accept_quiet(owner, import_id, viewing.actor(), viewing.request_time())
    except UnusablePlan as error:
        return _one(import_id, None, {"klare": list(error.sentences)}), 422
    flash(ngettext("%(num)d række er godkendt.", "%(num)d rækker er godkendt.", count), "success")
    return redirect(url_for("plan_proposals.one", import_id=import_id))


def _page(errors: Errors) -> str:
    owner = planner()
    session = db.session()
    return render_template(
        "plan/proposals.html",
        imports=queries.imports(session, owner),
        waiting=queries.waiting_by_import(session, owner),
        errors=errors,
    )


def _one(import_id: int, wrong_id: int | None, errors: Errors) -> str:
    owner = planner()
    made = _import(owner, import_id)
    rows = queries.proposals_of(db.session(), owner, import_id)
    return render_template(
        "plan/proposal.html",
        made=made,
        rows=rows,
        seats=sum(quota["count"] for quota in made.quotas),
        waiting=[row for row in rows if row.verdict is None],
        quiet=[row for row in rows if row.verdict is None and proposals.is_quiet(row)],
        errors=errors,
        wrong_id=wrong_id,
        typed=request.form if wrong_id else {},
        category_options=list(words.category_words().items()),
        sector_options=[("", _("Alle")), *((s.value, words.sector_words()[s]) for s in Sector)],
        role_options=[("", _("Ingen endnu")), *((role.value, role_word(role)) for role in Role)],
        category_words=words.category_words(),
        period_words=words.period_words,
        period_of=_period_of,
    )


def _read(owner: MunicipalityId, file: FileStorage) -> tuple[PlanImport | None, bool]:
    name = Path((file.filename or "plan").replace("\\", "/")).name[:200]
    known = Known(current_app.extensions["plan"].organisations, days_off(current_app.extensions["clocks"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (secure_filename(name) or "plan.txt")
        file.save(path)
        found = read_document(path, known, name=name)
        if not found.activities:
            return None, False
        return proposals.propose(
            owner,
            found,
            viewing.actor(),
            viewing.request_time(),
            source=name,
            content=path.read_bytes(),
            new_keys=not is_structured(name),
        )


def _changes(row: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """What the person has changed: a field that is as it was proposed says nothing."""
    typed = {name: form[name].strip() for name in _FIELDS if name in form}
    return {
        name: text or None
        for name, text in typed.items()
        if text != ("" if row[name] is None else str(row[name]))
    }


def _named(messages: Mapping[str, Any], proposal_id: int) -> Errors:
    """Errors by the field's own place on the page."""
    names = {"paid": "paid_seats"}
    return {f"{names.get(name, name)}-{proposal_id}": list(found) for name, found in messages.items()}


def _already(proposal: PlanProposal) -> ResponseReturnValue:
    flash(_("En anden har netop afgjort rækken. Intet er ændret."), "warning")
    return redirect(_next(proposal))


def _next(proposal: PlanProposal) -> str:
    return url_for("plan_proposals.one", import_id=proposal.import_id, _anchor=f"raekke-{proposal.id}")


def _period_of(row: Mapping[str, Any]) -> Period:
    return Period(*(None if row[key] is None else date.fromisoformat(row[key]) for key in ("start", "end")))


def _import(owner: MunicipalityId, import_id: int) -> PlanImport:
    made = queries.import_by_id(db.session(), owner, import_id)
    if made is None:
        abort(404)
    return made


def _proposal(owner: MunicipalityId, proposal_id: int) -> PlanProposal:
    proposal = db.session.get(PlanProposal, proposal_id)
    if proposal is None or proposal.municipality_id != owner:
        abort(404)
    return proposal
