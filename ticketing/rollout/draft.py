"""A row of a time table while it is read: what stands there, and what is not decided yet."""

from dataclasses import dataclass, field
from datetime import date

from ticketing.rollout.periods import Span
from ticketing.rollout.plan import Period, Warning
from ticketing.rollout.words import role_in
from ticketing.vocabulary import ActivityCategory, Role, Sector


@dataclass(frozen=True)
class Counted:
    """So many seats for a role: "69 superbrugere blandt skolernes personale (1-dags uddannelse)"."""

    count: int
    role: Role | None
    sectors: tuple[Sector, ...]
    hours: float | None
    line: int
    text: str


@dataclass(eq=False)
class Draft:
    """`label` and `when` are the row's two halves; `period` and `warnings` are filled in step by step."""

    label: str
    label_lines: tuple[str, ...]
    when: str
    line: int
    when_line: int
    table: int
    section: str | None
    raw: str
    category: ActivityCategory
    #: What stands above the table and at its head.
    context: str = ""
    sectors: tuple[Sector, ...] = ()
    spans: list[Span] = field(default_factory=list)
    hours: str | None = None
    count: int | None = None
    trainers: tuple[str, ...] = ()
    note: str | None = None
    period: Period = field(default_factory=Period)
    inferred: list[str] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)

    @property
    def role(self) -> Role | None:
        """Whom the row is about. Day-care has no administrative staff of its own: its leaders do that."""
        return role_of(self.label, self.sectors)

    @property
    def sector(self) -> Sector | None:
        return self.sectors[0] if self.sectors else None

    @property
    def year_missing(self) -> bool:
        """Nothing in the row says the year."""
        return bool(self.spans) and all(span.year_missing for span in self.spans)

    @property
    def anchor(self) -> date | None:
        """A day that places it among its neighbours; none before its year is known."""
        return self.period.start or self.period.end

    def warn(self, kind: str, text: str, line: int | None = None) -> None:
        """Puts a warning on the row, at the line of its period unless another is given."""
        self.warnings.append(Warning(kind, line or self.when_line, text))


def role_of(text: str, sectors: tuple[Sector, ...]) -> Role | None:
    """The role that `text` names in these sectors."""
    role = role_in(text)
    if role is Role.SCHOOL_ADMIN_STAFF and sectors[:1] == (Sector.DAGTILBUD,):
        return Role.INSTITUTION_ADMIN
    return role
