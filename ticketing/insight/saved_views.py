"""Searches that people keep: their own, and those that an administrator shares with a step of the ladder."""

from datetime import datetime

from sqlalchemy import or_, select

from ticketing.accounts.rules import Viewer
from ticketing.database import db, transaction
from ticketing.insight.models import SavedView
from ticketing.privacy.cpr import mask

#: As many views as one page still shows at a glance.
MOST = 30


class NotKept(Exception):
    """The view can't be kept: no name, an unknown step, an address too long, or too many views already."""


def views_of(viewer: Viewer) -> list[SavedView]:
    """The viewer's own views and those shared with a step they serve; all shared ones for whoever sets the
    rules. One statement."""
    steps = sorted(viewer.steps) if viewer.sets_rules else _served(viewer)
    mine = SavedView.owner_id == viewer.person_id
    shared = SavedView.step.in_(steps)
    rows = db.session.scalars(
        select(SavedView)
        .where(
            SavedView.municipality_id == viewer.municipality_id,
            or_(shared, mine & SavedView.step.is_(None)),
        )
        .order_by(SavedView.step.is_not(None), SavedView.name, SavedView.id)
        .limit(2 * MOST)
    )
    return list(rows)


def keep_view(viewer: Viewer, now: datetime, *, name: str, address: str, step: str | None = None) -> SavedView:
    """Keeps a search under `name` (CPR numbers are masked); with `step`, for all who serve it. Raises
    `NotKept`; a step is only given by whoever sets the municipality's rules."""
    name = mask(name.strip())[0][:60]
    allowed = step is None or (viewer.sets_rules and step in viewer.steps)
    address = mask(address)[0]
    if not name or not allowed or len(address) > 500 or len(views_of(viewer)) >= MOST:
        raise NotKept
    with transaction() as session:
        view = SavedView(
            municipality_id=viewer.municipality_id,
            owner_id=viewer.person_id,
            step=step,
            name=name,
            address=address,
            made_at=now,
        )
        session.add(view)
    return view


def drop_view(viewer: Viewer, view_id: int) -> bool:
    """Removes the view, if it is the viewer's own or a shared one and they set the rules. False otherwise."""
    with transaction() as session:
        view = session.get(SavedView, view_id)
        if view is None or view.municipality_id != viewer.municipality_id:
            return False
        if not (viewer.sets_rules if view.step else view.owner_id == viewer.person_id):
            return False
        session.delete(view)
    return True


def _served(viewer: Viewer) -> list[str]:
    return sorted(key for key, roles in viewer.steps.items() if viewer.has_role(*roles))
