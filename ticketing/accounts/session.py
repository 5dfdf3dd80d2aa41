"""The signed-in person of a browser's session (Flask-Login)."""

from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256

from flask_babel import gettext
from flask_login import LoginManager, UserMixin
from sqlalchemy import select

from ticketing.accounts.queries import ZONE, load_viewer
from ticketing.accounts.rules import Viewer
from ticketing.database import db
from ticketing.organisation.models import Municipality, Person
from ticketing.vocabulary import PersonId, Role

login_manager = LoginManager()
login_manager.login_view = "account.sign_in"
login_manager.login_message = "Log ind for at se siden."
login_manager.login_message_category = "info"
login_manager.localize_callback = gettext


class SignedIn(UserMixin):
    """The signed-in person; their posts are read once a request, when first asked for."""

    def __init__(self, person: Person, municipality_name: str, now: datetime) -> None:
        self.person = person
        self.name = person.name
        self.municipality_name = municipality_name
        self.now = now

    @property
    def person_id(self) -> PersonId:
        """The person's id."""
        return self.person.id

    @cached_property
    def viewer(self) -> Viewer:
        """What they may see, as of the request's beginning."""
        return load_viewer(self.person.id, self.now)

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that they hold or stand in for now."""
        return frozenset(seat.role for seat in self.viewer.seats)

    def get_id(self) -> str:
        """What the session cookie carries: the person and a print of the password, so that a new password
        ends the sessions begun with the old one."""
        return f"{self.person.id}.{_password_print(self.person)}"


def signed_in(person: Person, now: datetime) -> SignedIn:
    """The person as Flask-Login wants one for `login_user`."""
    municipality = db.session.get_one(Municipality, person.municipality_id)
    return SignedIn(person, municipality.name, now)


@login_manager.user_loader
def _load(session_id: str) -> SignedIn | None:
    """The person of a session cookie; None when they have left or changed their password since."""
    person_id, _, print_then = session_id.partition(".")
    if not person_id.isascii() or not person_id.isdigit():
        return None
    row = db.session.execute(
        select(Person, Municipality.name)
        .join(Municipality, Municipality.id == Person.municipality_id)
        .where(Person.id == int(person_id))
    ).one_or_none()
    # Loaded while a request is received, so this is a door: the one place in accounts with a clock.
    now = datetime.now(UTC)
    if row is None or _password_print(row.Person) != print_then or _has_left(row.Person, now):
        return None
    return SignedIn(row.Person, row.name, now)


def _has_left(person: Person, now: datetime) -> bool:
    return person.left_on is not None and person.left_on <= now.astimezone(ZONE).date()


def _password_print(person: Person) -> str:
    return sha256((person.password_hash or "").encode()).hexdigest()[:16]
