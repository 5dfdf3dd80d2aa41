"""Signing in by e-mail and password, and setting a password."""

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select

from ticketing.accounts.queries import ZONE
from ticketing.database import db, transaction
from ticketing.organisation.models import Municipality, Person
from ticketing.vocabulary import PersonId

SHORTEST_PASSWORD = 10

_hasher = PasswordHasher()
#: Somebody unknown costs as much time as somebody known, so that the time tells nothing.
_nobody = _hasher.hash("nobody has this password")


class WeakPassword(ValueError):
    """The password is shorter than `SHORTEST_PASSWORD` characters."""


def authenticate(municipality_key: str | None, email: str, password: str, now: datetime) -> Person | None:
    """The person with this e-mail and password; None for a wrong one, an unknown one or one who has left.

    Without a municipality every municipality's person with that address is tried; the password decides.
    The answer for an unknown address takes as long as for a known one.
    """
    today = now.astimezone(ZONE).date()
    typed = email.strip()
    wanted = select(Person).where(
        Person.email.in_({typed, typed.lower()}), or_(Person.left_on.is_(None), Person.left_on > today)
    )
    if municipality_key is not None:
        wanted = wanted.join(Municipality, Municipality.id == Person.municipality_id).where(
            Municipality.key == municipality_key
        )
    people = db.session.scalars(wanted.order_by(Person.id)).all()
    if not people:
        _is_right(_nobody, password)
        return None
    matching = [person for person in people if _is_right(person.password_hash or _nobody, password)]
    return next((person for person in matching if person.password_hash), None)


def set_password(person_id: PersonId, password: str) -> None:
    """Gives the person a new password; their other sessions end. Raises `WeakPassword`."""
    made = hash_password(password)
    with transaction() as session:
        session.get_one(Person, person_id).password_hash = made


def hash_password(password: str) -> str:
    """`password` as it is stored (argon2id with its own salt). Raises `WeakPassword`."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _hasher.hash(password)


def _is_right(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
