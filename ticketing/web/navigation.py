"""What stands in the main menu for whom, and where one lands after signing in. Pure."""

from collections.abc import Set
from dataclasses import dataclass

from flask_babel import gettext as _

from ticketing.accounts.rules import OVERVIEW_ROLES
from ticketing.vocabulary import Role

STAFF = frozenset(Role)
QUEUE_ROLES = frozenset(
    {
        Role.SUPERUSER,
        Role.DIGITAL_CHILDMINDER,
        Role.ADMIN_SUPERUSER,
        Role.INSTITUTION_ADMIN,
        Role.MUNICIPAL_ADMIN,
        Role.EMPLOYEE,
        Role.SCHOOL_ADMIN_STAFF,
        Role.COMM_GROUP,
        Role.PROJECT_GROUP,
        Role.LEADER,
        Role.DATA_PROTECTION,
    }
)
#: First match wins: somebody who both leads and answers starts where people wait for an answer.
LANDINGS: tuple[tuple[frozenset[Role], str], ...] = (
    (frozenset({Role.IT_SERVICEDESK}), "/it"),
    (
        frozenset({Role.SUPERUSER, Role.ADMIN_SUPERUSER, Role.MUNICIPAL_ADMIN, Role.DIGITAL_CHILDMINDER}),
        "/koe",
    ),
    (OVERVIEW_ROLES - {Role.INSTITUTION_ADMIN, Role.COMM_GROUP}, "/leder"),
    (frozenset({Role.INSTITUTION_ADMIN, Role.COMM_GROUP, Role.DATA_PROTECTION}), "/koe"),
)


@dataclass(frozen=True)
class NavigationLink:
    """A place in the main menu."""

    word: str
    href: str
    is_current: bool


def landing(roles: Set[Role]) -> str:
    """The path of the page that people with `roles` start their day on."""
    return next((path for needed, path in LANDINGS if needed & roles), "/nyt")


def main_menu(roles: Set[Role], path: str, mails: int = 0) -> list[NavigationLink]:
    """The links for `roles`; the one that `path` lies in is current. `mails` wait in quarantine."""
    places = [
        (_("Nyt spørgsmål"), "/nyt", STAFF),
        (_("Mine sager"), "/mine", STAFF),
        (_("Min kø"), "/koe", QUEUE_ROLES),
        (_("IT ServiceDesk"), "/it", frozenset({Role.IT_SERVICEDESK})),
        (_("Ledelse"), "/leder", OVERVIEW_ROLES),
        (_("Udrulning"), "/plan", OVERVIEW_ROLES),
        (_("Frister"), "/frister", frozenset({Role.MUNICIPAL_ADMIN})),
        (f"{_('Mail')} ({mails})" if mails else _("Mail"), "/mail", frozenset({Role.MUNICIPAL_ADMIN})),
        (_("Fravær"), "/fravaer", STAFF),
    ]
    return [
        NavigationLink(word, href, path == href or path.startswith(f"{href}/"))
        for word, href, needed in places
        if needed & roles
    ]
