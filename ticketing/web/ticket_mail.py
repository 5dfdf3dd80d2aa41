"""The mail that a message came in, as it came: one click off the ticket, for those who may read all of it."""

from flask import Blueprint, Response, abort, render_template, url_for
from flask_login import login_required

from ticketing.accounts.queries import NotFound
from ticketing.accounts.rules import Access
from ticketing.database import db
from ticketing.insight.ticket_page import TicketPage, ticket_page
from ticketing.mail.html_view import FRAME_POLICY, SANDBOX, html_of
from ticketing.mail.ingest import understood
from ticketing.mail.models import InboundMail
from ticketing.mail.quarantine import has_unsafe_files, headers_shown
from ticketing.vocabulary import Role
from ticketing.web import viewing
from ticketing.web.mail_words import header_word
from ticketing.work.rules import parse_number

blueprint = Blueprint("ticket_mail", __name__)


@blueprint.get("/sager/<shown>/mail/<int:mail_id>")
@login_required
def page(shown: str, mail_id: int) -> str:
    """Headers, the HTML in its own frame (or the text), and the way to the raw message."""
    found, mail = _mail(shown, mail_id)
    parsed, why_not = understood(mail.raw)
    return render_template(
        "ticket/mail.html",
        page=found,
        shown=shown,
        mail=mail,
        headers=headers_shown(mail.raw),
        text=parsed.text if parsed else why_not,
        has_html=html_of(mail.raw) is not None,
        sandbox=SANDBOX,
        header_word=header_word,
        may_download=_may_download(found),
        is_unsafe=has_unsafe_files(mail.id),
        now=viewing.request_time(),
    )


@blueprint.get("/sager/<shown>/mail/<int:mail_id>/ramme")
@login_required
def frame(shown: str, mail_id: int) -> Response:
    """The cleaned HTML alone, for the frame: with a policy under which nothing runs or loads."""
    _found, mail = _mail(shown, mail_id)
    html = html_of(mail.raw)
    if html is None:
        abort(404)
    style = url_for("static", filename="css/mail-frame.css")
    answer = Response(render_template("ticket/mail_frame.html", html=html, style=style))
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    return answer


@blueprint.get("/sager/<shown>/mail/<int:mail_id>/raa")
@login_required
def raw(shown: str, mail_id: int) -> Response:
    """The message byte for byte, with whatever numbers stand in it: for the one who holds the item and for
    administrators who may read it."""
    found, mail = _mail(shown, mail_id)
    if not _may_download(found) or has_unsafe_files(mail.id):
        abort(404)
    name = f"{shown.lower()}-{mail.id}.eml"
    return Response(
        mail.raw,
        mimetype="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _mail(shown: str, mail_id: int) -> tuple[TicketPage, InboundMail]:
    number = parse_number(shown)
    if number is None:
        abort(404)
    try:
        found = ticket_page(viewing.viewer(), number)
    except NotFound:
        abort(404)
    of_item = {one.mail_id for moment in found.moments for one in moment.messages}
    mail = db.session.get(InboundMail, mail_id) if found.access >= Access.CONTENT else None
    if mail is None or mail_id not in of_item:
        abort(404)
    return found, mail


def _may_download(found: TicketPage) -> bool:
    viewer = viewing.viewer()
    return found.item.holder_id == viewer.person_id or viewer.has_role(Role.MUNICIPAL_ADMIN)
