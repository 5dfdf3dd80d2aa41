"""Who is looking, and when: read once a request, so that every part of a page agrees."""

from datetime import UTC, datetime

from flask import current_app, g
from flask_login import current_user

from ticketing.accounts.rules import Viewer
from ticketing.accounts.session import SignedIn
from ticketing.database import db
from ticketing.ladder.config import LadderConfig
from ticketing.ladder.rules import Ladder
from ticketing.organisation.models import Municipality
from ticketing.work.change import Actor


def request_time() -> datetime:
    """The time at which this request is answered, aware UTC: the same however often it is asked for."""
    person = signed_in()
    if person is not None:
        return person.now
    if "request_time" not in g:
        g.request_time = datetime.now(UTC)
    found = g.request_time
    assert isinstance(found, datetime)
    return found


def signed_in() -> SignedIn | None:
    """The person of this session; None for a stranger."""
    person = current_user._get_current_object() if current_user else None
    return person if isinstance(person, SignedIn) else None


def viewer() -> Viewer:
    """The signed-in person with their posts; only on pages that ask for sign-in."""
    person = signed_in()
    assert person is not None
    return person.viewer


def actor() -> Actor:
    """The signed-in person as the one who acts."""
    return Actor("person", viewer().person_id)


def municipality() -> Municipality:
    """The viewer's municipality."""
    return db.session.get_one(Municipality, viewer().municipality_id)


def ladder_config() -> LadderConfig:
    """Ladders, categories and vendors, as loaded when the application started."""
    config = current_app.extensions["ladder"]
    assert isinstance(config, LadderConfig)
    return config


def ladder_of(owner: Municipality) -> Ladder:
    """The ladder that `owner` uses."""
    return ladder_config().ladders[owner.ladder]
