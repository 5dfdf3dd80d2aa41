"""Loads the demo: the municipality (or the nation) and its questions, once, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from ticketing.database import transaction
from ticketing.demo.loading import SIGN_INS, load
from ticketing.demo.shape import MUNICIPALITY, SMALL, TOWN, Size, draw, municipality_names
from ticketing.demo.tickets import load_tickets
from ticketing.organisation.queries import municipality_by_key

KEY, NAME = "vesterkaer", "Vesterkær Kommune"
SIZES: dict[str, Size] = {"small": SMALL, "municipality": MUNICIPALITY, "nation": MUNICIPALITY}
TICKETS = {"small": 80, "municipality": 400, "nation": 400}


@dataclass(frozen=True)
class SignIn:
    """A known account of the demo."""

    group: str
    email: str


def load_demo(
    size: str,
    password_hash: str,
    now: datetime,
    *,
    tickets: int | None = None,
    seed: int = 1,
    placed: bool = True,
) -> bool:
    """Loads the demo of this size (a key of `SIZES`) with `tickets` questions before `now`, some of them
    `placed` where the sign-ins work; all of it or nothing. Returns False, and changes
    nothing, if the demo is there already."""
    with transaction() as session:
        if municipality_by_key(session, KEY) is not None:
            return False
        municipality = load(session, draw(KEY, NAME, SIZES[size], seed), password_hash)
        if size == "nation":
            for key, name in municipality_names(98)[1:]:
                load(session, draw(key, name, TOWN, seed), password_hash)
        count = TICKETS[size] if tickets is None else tickets
        load_tickets(session, municipality, count, seed, now, placed=placed)
        return True


def sign_ins() -> list[SignIn]:
    """One known account for each user group, and the administrator's."""
    return [SignIn(group, f"{key}@{KEY}.example") for group, key in SIGN_INS.items()]
