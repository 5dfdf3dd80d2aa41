"""What can go wrong in an action. Each error carries its facts; the sentence for the user is made here, in
both languages. Whatever is raised, nothing was written."""

from collections.abc import Iterable

from ticketing.vocabulary import ItemId, State

STATE_NAMES = {
    State.NEW: ("Ny", "New"),
    State.TAKEN: ("Taget", "Taken"),
    State.IN_PROGRESS: ("I gang", "In progress"),
    State.WAITING_REQUESTER: ("Afventer melder", "Waiting for the asker"),
    State.WAITING_SYNC: ("Afventer natlig synk", "Waiting for the nightly sync"),
    State.WAITING_VENDOR: ("Afventer leverandør", "Waiting for the vendor"),
    State.SOLVED: ("Løst", "Solved"),
    State.CLOSED: ("Lukket", "Closed"),
    State.REOPENED: ("Genåbnet", "Reopened"),
}
ACTION_NAMES = {
    "take": ("tag", "take"),
    "hand_over": ("giv videre", "hand over"),
    "answer": ("svar", "answer"),
    "note": ("intern note", "internal note"),
    "ask_requester": ("spørg melder", "ask"),
    "wait_for_sync": ("afvent natlig synk", "wait for the nightly sync"),
    "wait_for_vendor": ("afvent leverandør", "wait for the vendor"),
    "resume": ("genoptag", "resume"),
    "escalate": ("løft", "escalate"),
    "refer": ("henvis", "refer"),
    "return_to_sender": ("send tilbage", "return"),
    "not_ours": ("ikke vores", "not ours"),
    "move_sideways": ("flyt til siden", "move sideways"),
    "solve": ("løst", "solve"),
    "reopen": ("genåbn", "reopen"),
    "close": ("luk", "close"),
    "reclassify": ("skift kategori", "reclassify"),
    "move_unit": ("flyt enhed", "move to another unit"),
    "set_confidential": ("fortrolig", "confidential"),
    "watch": ("følg", "watch"),
    "unwatch": ("følg ikke længere", "stop watching"),
    "make_known_fault": ("gør til kendt fejl", "make a known fault"),
    "attach_to_fault": ("hæft på kendt fejl", "attach to a known fault"),
    "detach_from_fault": ("løsn fra kendt fejl", "detach from the known fault"),
    "requester_writes": ("skriv til sagen", "write to the ticket"),
}
FIELD_NAMES = {
    "tried": ("hvad er prøvet", "what was tried"),
    "affected": ("hvem er ramt", "who is affected"),
    "since": ("siden hvornår", "since when"),
    "error_text": ("fejltekst eller skærmbillede", "error text or screenshot"),
}


class WorkError(Exception):
    """An action that can't be done. `message_da`/`message_en` say why and what to do."""

    def message_da(self) -> str:
        return "Det kan ikke lade sig gøre."

    def message_en(self) -> str:
        return "That can't be done."

    def __str__(self) -> str:
        return self.message_en()


class UnknownItem(WorkError):
    """There is no such item."""

    def message_da(self) -> str:
        return "Sagen findes ikke."

    def message_en(self) -> str:
        return "There is no such item."


class IllegalMove(WorkError):
    """The item's state, rung or lane doesn't allow `action`; `possible` is what it does allow."""

    def __init__(self, action: str, state: State, possible: Iterable[str]) -> None:
        self.action, self.state, self.possible = action, state, tuple(sorted(possible))
        super().__init__(action)

    def message_da(self) -> str:
        could = ", ".join(f"»{ACTION_NAMES[name][0]}«" for name in self.possible) or "intet"
        return (
            f"Sagen er »{STATE_NAMES[self.state][0]}«, så du kan ikke vælge "
            f"»{ACTION_NAMES[self.action][0]}« nu. Det er muligt: {could}."
        )

    def message_en(self) -> str:
        could = ", ".join(ACTION_NAMES[name][1] for name in self.possible) or "nothing"
        return (
            f'The item is "{STATE_NAMES[self.state][1]}", so "{ACTION_NAMES[self.action][1]}" is not '
            f"possible now. Possible: {could}."
        )


class Conflict(WorkError):
    """Somebody else changed the item since the page was shown."""

    def __init__(self, item_id: ItemId, since_version: int, version: int) -> None:
        self.item_id, self.since_version, self.version = item_id, since_version, version
        super().__init__(item_id)

    def message_da(self) -> str:
        return "En anden har ændret sagen, mens du skrev. Se hvad der er sket, og send igen. Din tekst er gemt."

    def message_en(self) -> str:
        return "Somebody changed the item while you wrote. See what happened and send again. Your text is kept."


class MissingHandover(WorkError):
    """R9: these facts must go along first."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(fields)
        super().__init__(self.fields)

    def message_da(self) -> str:
        return "Før sagen sendes videre, mangler: " + ", ".join(FIELD_NAMES[f][0] for f in self.fields) + "."

    def message_en(self) -> str:
        return "Before the item goes on, give: " + ", ".join(FIELD_NAMES[f][1] for f in self.fields) + "."


class MissingVendorFields(WorkError):
    """A side exit whose required fields (Danish and English labels) are not filled."""

    def __init__(self, labels: Iterable[tuple[str, str]]) -> None:
        self.labels = tuple(labels)
        super().__init__(self.labels)

    def message_da(self) -> str:
        return "Leverandøren afviser sagen uden: " + ", ".join(da for da, _ in self.labels) + "."

    def message_en(self) -> str:
        return "The vendor refuses the case without: " + ", ".join(en for _, en in self.labels) + "."


class MissingReason(WorkError):
    """This action needs a reason, a question or a text."""

    def message_da(self) -> str:
        return "Skriv en begrundelse. Den, der får sagen, skal kunne se hvorfor."

    def message_en(self) -> str:
        return "Give a reason. Whoever gets the item must see why."


class UnknownTarget(WorkError):
    """The unit, person, step, vendor, category or known fault named is not one this item may go to."""

    def message_da(self) -> str:
        return "Sagen kan ikke sendes derhen. Vælg et af de steder, som siden viser."

    def message_en(self) -> str:
        return "The item can't go there. Choose one of the places that the page shows."


class NobodyThere(WorkError):
    """There is nobody to send the item to in that direction."""

    def message_da(self) -> str:
        return "Der er ingen at sende sagen til den vej. Brug »løft«, eller løs den her."

    def message_en(self) -> str:
        return "There is nobody to send the item to that way. Escalate it or solve it here."


class EditionChanged(WorkError):
    """Somebody made the edition `newest` while another was being made from `based_on`."""

    def __init__(self, based_on: int, newest: int) -> None:
        self.based_on, self.newest = based_on, newest
        super().__init__()

    def message_da(self) -> str:
        return f"En anden har gemt udgave {self.newest} imens. Se den, og gem så igen."

    def message_en(self) -> str:
        return f"Somebody has saved edition {self.newest} meanwhile. Look at it, then save again."


class NothingNew(WorkError):
    """The texts are those in force."""

    def message_da(self) -> str:
        return "Der er intet at gemme: det er det, der gælder allerede."

    def message_en(self) -> str:
        return "There is nothing to save: this is what holds already."
