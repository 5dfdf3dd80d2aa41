"""Which buttons stand on the ticket page, and where: the one thing to do next first, the rare ones folded."""

from dataclasses import dataclass

from ticketing.web.ticket_desk import Desk
from ticketing.web.ticket_forms import QUICK, SLUGS, word
from ticketing.work.rules import Action

#: Beside the title, in this order. Answer and note have their own places on the page.
FIRST = (
    Action.TAKE,
    Action.RESUME,
    Action.SOLVE,
    Action.REOPEN,
    Action.ESCALATE,
    Action.REFER,
    Action.RETURN_TO_SENDER,
    Action.ASK_REQUESTER,
)
FOLDED = (
    Action.WAIT_FOR_SYNC,
    Action.WAIT_FOR_VENDOR,
    Action.HAND_OVER,
    Action.NOT_OURS,
    Action.MOVE_SIDEWAYS,
    Action.RECLASSIFY,
    Action.MOVE_UNIT,
    Action.MAKE_KNOWN_FAULT,
    Action.ATTACH_TO_FAULT,
    Action.DETACH_FROM_FAULT,
    Action.SET_CONFIDENTIAL,
    Action.CLOSE,
)
FOLLOW = (Action.WATCH, Action.UNWATCH)


@dataclass(frozen=True)
class Button:
    """An action as a button (`is_quick`: one press does it) or as a link to its form."""

    slug: str
    word: str
    is_quick: bool
    is_primary: bool = False


@dataclass(frozen=True)
class Menu:
    """The buttons of the ticket page: only what is possible now."""

    first: tuple[Button, ...]
    folded: tuple[Button, ...]
    follow: tuple[Button, ...]


def menu(desk: Desk) -> Menu:
    """The buttons for this item and viewer now."""
    return Menu(_buttons(desk, FIRST), _buttons(desk, FOLDED), _buttons(desk, FOLLOW))


def _buttons(desk: Desk, wanted: tuple[Action, ...]) -> tuple[Button, ...]:
    secret = desk.item.confidential
    found = [action for action in wanted if action in desk.possible]
    return tuple(
        Button(
            SLUGS[action],
            word(action, is_confidential=secret),
            action in QUICK,
            wanted is FIRST and action is found[0],
        )
        for action in found
    )
