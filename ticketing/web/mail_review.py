"""Mail uden sag: what became no question, for the municipal administrator to decide on."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.mail.ingest import Outcome
from ticketing.mail.models import InboundMail
from ticketing.mail.quarantine import (
    QUARANTINE,
    REVIEWED,
    SHOWN,
    has_unsafe_files,
    kept_mails,
    mail_detail,
    mail_without_ticket,
    refuse,
    retry,
)
from ticketing.vocabulary import Role
from ticketing.web import viewing
from ticketing.web.mail_words import header_word, mail_reason
from ticketing.work.errors import MissingReason, UnknownItem

blueprint = Blueprint("mail_review", __name__, url_prefix="/mail")


def outcome_words() -> dict[str, str]:
    """The lists, by what became of the mail."""
    return {
        QUARANTINE: _("Kunne ikke læses"),
        "automatic": _("Skrevet af en maskine"),
        "bounce": _("Kom ikke frem"),
        "refused": _("Afvist"),
        "opened": _("Blev en sag"),
        "joined": _("Kom med i en sag"),
        "duplicate": _("Var set før"),
    }


@blueprint.get("")
@login_required
def page() -> str:
    """One of the lists; `?vis=` chooses which."""
    _administrator()
    chosen = request.args.get("vis", QUARANTINE)
    if chosen not in REVIEWED:
        abort(404)
    return render_template(
        "mail/review.html",
        chosen=chosen,
        words={key: outcome_words()[key] for key in REVIEWED},
        mails=kept_mails(viewing.viewer().municipality_id, chosen, viewing.viewer()),
        most=SHOWN,
        why=mail_reason,
        now=viewing.request_time(),
    )


@blueprint.get("/<int:mail_id>")
@login_required
def one(mail_id: int) -> str:
    """One mail with its headers and text."""
    return _one(mail_id, "")


@blueprint.post("/<int:mail_id>/igen")
@login_required
def again(mail_id: int) -> ResponseReturnValue:
    """Prøv igen."""
    return _retry(mail_id, as_question=False)


@blueprint.post("/<int:mail_id>/sag")
@login_required
def make_ticket(mail_id: int) -> ResponseReturnValue:
    """Lav en sag af den, whatever made it look like a machine's."""
    return _retry(mail_id, as_question=True)


@blueprint.post("/<int:mail_id>/afvis")
@login_required
def put_aside(mail_id: int) -> ResponseReturnValue:
    """Afvis, with a reason."""
    _own(mail_id)
    try:
        refuse(mail_id, viewing.actor(), viewing.request_time(), reason=request.form.get("reason", ""))
    except MissingReason:
        return _one(mail_id, _("Skriv, hvorfor mailen afvises.")), 422
    except UnknownItem:
        flash(_("Mailen er allerede blevet til en sag."), "warning")
        return redirect(url_for("mail_review.one", mail_id=mail_id))
    flash(_("Mailen er afvist. Den er stadig gemt."), "success")
    return redirect(url_for("mail_review.page"))


@blueprint.get("/<int:mail_id>/raa")
@login_required
def raw(mail_id: int) -> Response:
    """The message byte for byte."""
    found = _own(mail_id)
    if has_unsafe_files(found.id):
        abort(404)
    name = f"mail-{found.id}.eml"
    return Response(
        found.raw,
        mimetype="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _retry(mail_id: int, *, as_question: bool) -> ResponseReturnValue:
    _own(mail_id)
    try:
        outcome = retry(mail_id, viewing.actor(), viewing.request_time(), as_question=as_question)
    except UnknownItem:
        flash(_("Mailen er allerede blevet til en sag."), "warning")
        return redirect(url_for("mail_review.one", mail_id=mail_id))
    flash(_said(outcome), "success" if outcome.number is not None else "warning")
    # A mail that has become a ticket which the administrator may not read has left their sight.
    shown = mail_without_ticket(viewing.viewer(), mail_id) is not None
    return redirect(url_for("mail_review.one", mail_id=mail_id) if shown else url_for("mail_review.page"))


def _said(outcome: Outcome) -> str:
    if outcome.number is not None:
        return _("Mailen er nu en del af sag A-%(number)s.", number=outcome.number)
    word = outcome_words().get(outcome.kind, outcome.kind)
    return _("Det gik ikke: %(word)s (%(reason)s).", word=word, reason=mail_reason(outcome.reason or ""))


def _administrator() -> None:
    if not viewing.viewer().has_role(Role.MUNICIPAL_ADMIN):
        abort(404)


def _own(mail_id: int) -> InboundMail:
    _administrator()
    return mail_without_ticket(viewing.viewer(), mail_id) or abort(404)


def _one(mail_id: int, error: str) -> str:
    detail = mail_detail(_own(mail_id))
    return render_template(
        "mail/one.html",
        detail=detail,
        words=outcome_words(),
        error=error,
        why=mail_reason,
        header_word=header_word,
        may_download=not has_unsafe_files(mail_id),
        can_decide=detail.mail.outcome in REVIEWED,
        now=viewing.request_time(),
    )
