"""Everything that the ticket page and its forms ask about one item, for one viewer, at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask_babel import gettext as _

from ticketing.accounts.rules import Viewer
from ticketing.insight.ladder_view import LadderDrawing, RungShown, drawn_ladder
from ticketing.insight.technical import known_faults, unit_names_within
from ticketing.insight.ticket_page import TicketPage
from ticketing.ladder.config import LadderConfig
from ticketing.ladder.rules import (
    LEVEL,
    Facts,
    Ladder,
    Place,
    Server,
    Surroundings,
    Target,
    refer_target,
    servers_of,
)
from ticketing.vocabulary import UnitKind
from ticketing.web.timeline import Names, in_sentence, why_skipped
from ticketing.work import queries
from ticketing.work.models import WorkItem
from ticketing.work.rules import Action, possible_actions, shown_number


@dataclass(frozen=True)
class DrawnStep:
    """One step of the drawing, as the ladder macro takes it."""

    name: str
    standing: str
    who: str


@dataclass(frozen=True)
class Desk:
    """The item in front of the viewer, with the ladder around it."""

    page: TicketPage
    viewer: Viewer
    now: datetime
    config: LadderConfig
    ladder: Ladder
    around: queries.Around

    @property
    def item(self) -> WorkItem:
        """The item in question."""
        return self.page.item

    @property
    def number(self) -> str:
        """The item's number as people say it."""
        return shown_number(self.item.kind, self.item.number)

    @property
    def places(self) -> Surroundings:
        """The units above the item's and the posts around them."""
        return self.around.places

    @cached_property
    def facts(self) -> Facts:
        """What decides the item's way."""
        return queries.facts_of(self.item)

    @cached_property
    def drawing(self) -> LadderDrawing:
        """The item's way up with who stands on each step, and its next queue."""
        return drawn_ladder(self.ladder, self.facts, self.item.step, self.queue_unit, self.places)

    @cached_property
    def queue_unit(self) -> Place:
        """The unit whose queue the item is in."""
        unit = self.item.queue_unit
        return Place(unit.id, unit.path, UnitKind(unit.kind), unit.sector, unit.name)

    @cached_property
    def possible(self) -> frozenset[Action]:
        """What this viewer may do to the item now."""
        facts = queries.item_facts(self.item, self.page.events, self.viewer.person_id, self.ladder, self.around)
        hidden = Action.WATCH if self.page.is_watched else Action.UNWATCH
        if not self.page.shows_text:
            # Who follows an item may read it: one who may know only its title can't make themselves a reader.
            return frozenset()
        return possible_actions(facts) - {hidden}

    @cached_property
    def referred_to(self) -> Target | None:
        """R5: where *Henvis* sends the item unless told otherwise."""
        return refer_target(self.ladder, self.facts, self.item.step, self.places)

    @property
    def names(self) -> Names:
        """What the timeline calls steps, categories and vendors."""
        return Names(self.step_name, self.category_name, self.vendor_name)

    def step_name(self, key: str) -> str:
        """A step's Danish name; the key where the ladder no longer has it."""
        step = self.ladder.steps.get(key)
        return step.name_da if step else key

    def category_name(self, key: str) -> str:
        """A category's Danish name; the key where the configuration no longer has it."""
        category = self.config.categories.get(key)
        return category.name_da if category else key

    def vendor_name(self, key: str) -> str:
        """A vendor's Danish name; the key where the configuration no longer has it."""
        vendor = self.config.vendors.get(key)
        return vendor.name_da if vendor else key

    def unit_trail(self) -> list[str]:
        """The names of the item's units, from the institution down."""
        names = [(place.kind, place.name) for place in self.places.chain]
        local = [name for kind, name in names if LEVEL[kind] >= LEVEL[UnitKind.INSTITUTION]]
        return local or [name for _kind, name in names[-1:]]

    def drawn_steps(self) -> list[DrawnStep]:
        """The ladder as the page draws it."""
        return [DrawnStep(r.step.name_da, r.standing, self._who(r)) for r in self.drawing.rungs]

    def handover(self) -> dict[str, str | None]:
        """R9: what the item already carries."""
        item = self.item
        return {name: getattr(item, name) for name in ("tried", "affected", "since", "error_text")}

    def colleagues(self) -> list[tuple[str, str]]:
        """The others who serve this queue and are here, to hand the item to."""
        step = self.ladder.steps[self.item.step]
        found: dict[int, str] = {}
        for server in servers_of(step, self.queue_unit, self.places.servers):
            if server.present:
                found[server.person_id] = server.name
            elif server.is_reachable and server.deputy_id is not None:
                found[server.deputy_id] = _("%(name)s (stedfortræder)", name=server.deputy_name)
        for taken in (self.viewer.person_id, self.item.holder_id):
            if taken is not None:
                found.pop(taken, None)
        return [(str(key), name) for key, name in found.items()]

    def units(self) -> list[tuple[str, str]]:
        """The institutions and departments of the municipality."""
        root = self.places.chain[0]
        return [(str(key), name) for key, name in unit_names_within(self.viewer, root.path)]

    def faults(self) -> list[tuple[str, str]]:
        """The known faults that the item may hang on."""
        faults = (fault for fault in known_faults(self.viewer) if fault.id != self.item.id)
        return [(str(fault.id), f"A-{fault.number} {fault.title}") for fault in faults]

    def why_next(self) -> str:
        """Why the next rung is who it is: who is there, and why others were passed over."""
        target = self.drawing.next
        if target is None:
            return _("Sagen står på det øverste trin.")
        step, unit = in_sentence(target.step.name_da), target.unit.name
        first = (
            _("Næste led er %(step)s.", step=step)
            if step == unit
            else _("Næste led er %(step)s i %(unit)s.", step=step, unit=unit)
        )
        return " ".join([first, *self._passed_over(target), self._present(target.servers)])

    def why_refer(self) -> str:
        """R5: whom *Henvis* proposes and why, with presence and phone."""
        target = self.referred_to
        if target is None:
            return _("Ingen på et lavere trin er til stede. Vælg en enhed, hvis du ved, hvor sagen hører til.")
        step, unit = in_sentence(target.step.name_da), target.unit.name
        sentences = [
            _("Forslag: %(step)s i %(unit)s, fordi sagen kommer derfra.", step=step, unit=unit),
            *self._passed_over(target),
            self._present(target.servers),
        ]
        return " ".join(sentences)

    def _passed_over(self, target: Target) -> list[str]:
        said = [
            _("%(step)s er sprunget over: %(why)s.", step=self.step_name(key), why=why_skipped(why))
            for key, why in target.skipped
        ]
        if target.widened:
            said.append(_("Afdelingen har ingen til stede, så andre i samme institution hjælper."))
        return said

    def _present(self, servers: Sequence[Server]) -> str:
        here = [_with_phone(server) for server in servers if server.is_reachable]
        return _("Til stede: %(names)s.", names=", ".join(here)) if here else ""

    def _who(self, rung: RungShown) -> str:
        if rung.standing == "now" and self.item.holder is not None:
            return self.item.holder.name
        if not rung.servers:
            return _("ingen på posten")
        here = [server_name(server) for server in rung.servers if server.is_reachable]
        if not here:
            return _("alle er fraværende")
        return ", ".join(here[:2]) + (_(" og %(count)s flere", count=len(here) - 2) if len(here) > 2 else "")


def server_name(server: Server) -> str:
    """Who answers for a post now: its holder, or the deputy while they are away."""
    if server.present or server.deputy_name is None:
        return server.name
    return _("%(deputy)s for %(name)s", deputy=server.deputy_name, name=server.name)


def _with_phone(server: Server) -> str:
    # The number is the holder's own: it rings where nobody is while a deputy stands in.
    reachable = server.phone if server.present else None
    return f"{server_name(server)} ({reachable})" if reachable else server_name(server)


def _where(target: Target) -> str:
    """A queue as one says it: "superbruger i Engskolen", "IT ServiceDesk"."""
    step, unit = target.step.name_da, target.unit.name
    named = step if step[:2].isupper() else step[0].lower() + step[1:]
    return named if step == unit else _("%(step)s i %(unit)s", step=named, unit=unit)
