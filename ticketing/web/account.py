"""Signing in and out, and the front page that leads everybody to their own."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required, login_user, logout_user

from ticketing.accounts.actions import authenticate
from ticketing.accounts.session import signed_in as as_session
from ticketing.accounts.throttle import throttle
from ticketing.web.forms import Errors, SignInForm, read
from ticketing.web.navigation import landing
from ticketing.web.viewing import request_time, signed_in, viewer

blueprint = Blueprint("account", __name__)


@blueprint.get("/")
@login_required
def home() -> ResponseReturnValue:
    """Leads to the page that the viewer's day starts on."""
    return redirect(landing({seat.role for seat in viewer().seats}))


@blueprint.get("/log-ind")
def sign_in() -> ResponseReturnValue:
    """The form; one who is signed in already is led on."""
    target = safe_target(request.args.get("next"))
    return redirect(target) if signed_in() else _form(target, "", {})


@blueprint.post("/log-ind")
def sign_in_check() -> ResponseReturnValue:
    """Signs in and leads to where one was going."""
    target = safe_target(request.form.get("next"))
    values, errors = read(SignInForm(), request.form)
    typed = request.form.get("email", "")
    if errors:
        return _form(target, typed, errors), 422
    now, address = request_time(), request.remote_addr or ""
    if throttle.wait_until(typed, address, now):
        return _form(target, typed, {"email": [_("For mange forsøg. Vent et kvarter, og prøv igen.")]}), 429
    person = authenticate(None, values["email"], request.form["password"], now)
    if person is None:
        throttle.failed(typed, address, now)
        return _form(target, typed, {"email": [_("E-mail og adgangskode passer ikke sammen. Prøv igen.")]}), 422
    throttle.succeeded(typed, address)
    login_user(as_session(person, now))
    return redirect(target)


@blueprint.post("/log-ud")
@login_required
def sign_out() -> ResponseReturnValue:
    """Ends the session."""
    logout_user()
    flash(_("Du er logget ud."), "success")
    return redirect(url_for("account.sign_in"))


def safe_target(wanted: str | None) -> str:
    """`wanted` when it is a path on this very site, else the front page: a link in a mail must not be able to
    lead somewhere else by way of our sign-in."""
    # Browsers read a backslash as a slash and skip control characters.
    if not wanted or not wanted.isprintable() or "\\" in wanted or " " in wanted:
        return "/"
    parts = urlsplit(wanted)
    is_ours = not parts.scheme and not parts.netloc and wanted.startswith("/") and not wanted.startswith("//")
    return wanted if is_ours else "/"


def _form(target: str, email: str, errors: Errors) -> str:
    return render_template("account/sign_in.html", next=target, values={"email": email}, errors=errors)
