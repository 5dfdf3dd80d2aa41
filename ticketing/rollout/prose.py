"""What a plan's prose says around its tables: phases, who holds a role, who trains, what is missing. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from ticketing.rollout.draft import Counted, Draft, role_of
from ticketing.rollout.lines import Line
from ticketing.rollout.periods import spans
from ticketing.rollout.plan import Warning
from ticketing.rollout.sanity import ROLE_WORDS, Phase
from ticketing.rollout.table import Table
from ticketing.rollout.weeks import NoSuchDay
from ticketing.rollout.words import UNDATED, is_course, role_in, roles_in, sectors_in
from ticketing.vocabulary import ActivityCategory, Role, Sector

_PHASE = re.compile(
    r"\w*periode\w*|\bfase\w*|(?:implementering|udrulning|indførelse|ibrugtagning)\w*\s[^.]*\b(?:foregår|løber|strækker|sker|"
    r"finder\s+sted|gennemføres|varer|ligger)",
    re.IGNORECASE,
)
_SHORTEST_PHASE = 27
_HOLDER = re.compile(r"(?:\ber|\bbliver|\bvaretages\s+af)\s*:\s*$", re.IGNORECASE)
_ROLE_COLON = re.compile(r"^(?P<role>[^:]{4,60}):\s*(?P<who>.*)$")
_SINGULAR = re.compile(
    r"(?:administrator|superbruger|koordinator|ansvarlig|projektleder|tovholder|tekniker)\s*(?:\([^)]*\))?\s*$",
    re.I,
)
_NOBODY = re.compile(
    r"\bN\.?\s?N\.?(?![\wæøå])|\bvakant\w*|\bubesat\w*|ikke\s+(?:\w+\s+)?(?:udpeget|besat|fundet|valgt|ansat)|udpeges\s+(?:senere|snarest|inden|i\s|på\s|til\s)|"
    r"\bmangler\s+(?:at\s+blive\s+)?(?:udpeg\w+|en\s+person)|\bstilling\w*\s+er\s+(?:ledig|opslået)|\bafklares\b|\btbd\b|\bledig\b|^\W*\?+\W*$|^\W*[-–—]+\W*$",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-ZÆØÅ][a-zæøåéü]+(?:[ -][A-ZÆØÅ]\.?[a-zæøåéü]*)+|\S+@\S+")
_WITH_WHOM = re.compile(
    r"(?:samarbejde|sammen|dialog|kontakt)\s+med\s+(?P<who>[A-ZÆØÅ][a-zæøåé]+)(?!\s+[A-ZÆØÅ][a-zæøåé]+|\w)"
)
_NO_NAMES = re.compile(
    r"^(?:alle|superbruger\w*|bruger\w*|medarbejder\w*|leder\w*|skole\w*|dagtilbud\w*|dagpleje\w*|styregruppe\w*|projekt\w*|kommun\w*|aula|forældre|elever|it|kl|kombit|stil|børn|digitalisering\w*|netcompany|administrat\w*|institution\w*|personale\w*|pædagog\w*|egen|eget|ingen|område\w*)$",
    re.IGNORECASE,
)
_PICTURE = r"figur(?:en|er|erne)?|skitse(?:n|r|rne)?|tegning(?:en|er)?|illustration(?:en|er)?|diagram(?:met|mer)?|billede(?:t|r)?|procespil(?:en)?|tidslinje(?:n|r)?|organisationsdiagram\w*|grafik(?:ken)?|modellen|oversigtsbillede\w*"  # noqa: E501 - one alternative
_TABLE_WORD = r"tabel(?:len|ler)?|skema(?:et|er)?|tidsplan(?:en|er|erne)?|oversigt(?:en|er)?|kursusplan(?:en)?"
_POINTS = r"\bse\b|\bses\b|vist|vises|fremgår|nedenstående|ovenstående|herunder|følgende|nedenfor|ovenfor|skitseret|illustrer\w+|kan\s+ses|på\s+den|i\s+den|jf\.|indsat"  # noqa: E501 - one alternative
_FIGURE = re.compile(
    rf"\b(?:{_PICTURE})(?:\s+\d+)?\b|\b(?:næste|forrige|modstående)\s+side\b|\bside\s+\d+\b|\bbilag(?:et)?\s*(?:\d+|[A-Z]\b)?|\b(?:røde?|sorte?|grønne?|blå|gule?)\s+(?:streg|pil|tal|felt|boks|markering)\w*",
    re.IGNORECASE,
)
_TABLE = re.compile(
    rf"\b(?:nedenstående|følgende|ovenstående|herunder)\s+(?:\w+\s+)?(?:{_TABLE_WORD})\b|\b(?:{_TABLE_WORD})\b[^.]*\b(?:her|herunder|nedenfor)\s*:\s*$",
    re.I,
)
#: A table that is pointed at begins at most so many lines below.
_NEAR = 14
_TRAINED = re.compile(
    r"(?:uddannels\w*|undervisning\w*|oplæring\w*|kompetenceudvikling\w*|kurs(?:us|er|et|erne)|undervise|uddanne|oplære)\s+(?:af|for|til)?\s*(?P<whom>[^.,;:()]{4,160})",
    re.IGNORECASE,
)


def named_years(lines: Sequence[Line], taken: Set[int]) -> list[tuple[int, str]]:
    """(line, year) of the headings and introductions that name one year: "2022", or "2021/2" for the school
    year that begins in 2021. `taken` are the lines of tables."""
    found = []
    for line in lines:
        if line.number in taken or not (line.is_heading or len(line.text) < 120):
            continue
        school = re.search(r"(?<!\d)(20\d{2})\s*[/–-]\s*(?:20)?(\d{2})(?!\d)", line.text)
        years = set(re.findall(r"(?<![\d.,/-])(20\d{2})(?![\d-]|\.\d)", line.text))
        if school and int(school[2]) == (int(school[1]) + 1) % 100:
            found.append((line.number, f"{school[1]}/2"))
        elif len(years) == 1 and (line.is_heading or not spans(line.text)):
            found.append((line.number, years.pop()))
    headings = {line.number for line in lines if line.is_heading}
    return [one for one in found if one[0] in headings] or found


def phases(lines: Sequence[Line]) -> list[Phase]:
    """The periods that the roll-out is said to take. Of several for a sector in one line the last one counts:
    "var planlagt fra … , så perioden bliver fra …"."""
    found: dict[tuple[int, Sector | None], Phase] = {}
    for line in lines:
        if not _PHASE.search(line.text):
            continue
        sectors = sectors_in(line.text) or (None,)
        for span in spans(line.text):
            if span.first is None or span.last is None or span.is_list or span.year_missing:
                continue
            try:
                period = span.period()
            except NoSuchDay:
                continue
            if period.start and period.end and (period.end - period.start).days >= _SHORTEST_PHASE:
                found[(line.number, sectors[0])] = Phase(sectors[0], period, line.number)
    newest = {phase.sector: phase for phase in found.values()}
    return list(newest.values())


def trainers(tables: Sequence[Table]) -> dict[tuple[Role | None, str], tuple[str, ...]]:
    """(who is trained, sector) → the roles that train, from a table of who trains whom."""
    made: dict[tuple[Role | None, str], tuple[str, ...]] = {}
    for table in tables:
        if not _is_matrix(table):
            continue
        columns = {n: sectors_in(head)[0] for n, head in enumerate(table.header) if n and sectors_in(head)}
        for row in table.rows:
            for n, sector in columns.items():
                roles = roles_in("\n".join(text for _, text in row[n].lines)) if n < len(row) else frozenset()
                if roles:
                    made[(role_of(row[0].text, (sector,)), sector)] = tuple(
                        sorted(role.value for role in roles)
                    )
    return made


def findings(
    lines: Sequence[Line],
    free: Sequence[Line],
    tables: Sequence[Table],
    drafts: Sequence[Draft],
    quotas: Sequence[Counted],
    organisations: Mapping[str, str],
) -> list[Warning]:
    """What is wrong in the prose, and with what the tables leave out."""
    return [
        *_missing_figures(lines, free, tables),
        *_roles_without_holder(free, quotas),
        *_unknown_people(lines, free, tables, organisations),
        *_undated_training(free, drafts, quotas),
        *_seats_without_date(drafts, quotas),
    ]


def _is_matrix(table: Table) -> bool:
    return (
        table.column("period") is None
        and bool(table.header)
        and bool(re.search(r"uddann|undervis|oplær", table.header[0], re.I))
    )


def _missing_figures(lines: Sequence[Line], free: Sequence[Line], tables: Sequence[Table]) -> Iterator[Warning]:
    for line in free:
        found = _FIGURE.search(line.text)
        if found and (
            re.search(_POINTS, line.text, re.I)
            or re.match(r"(?:næste|forrige|side|bilag|rød|figur)", found[0], re.I)
        ):
            yield Warning(
                "missing_figure", line.number, f"Der henvises til »{found[0].strip()}«, som ikke er i teksten."
            )
            continue
        pointed = _TABLE.search(line.text)
        if pointed and not _table_near(line, lines, tables, timed="plan" in pointed[0].lower()):
            yield Warning(
                "missing_figure",
                line.number,
                f"Der henvises til »{pointed[0].strip(' :')}«, men der er ingen tabel.",
            )


def _table_near(line: Line, lines: Sequence[Line], tables: Sequence[Table], *, timed: bool) -> bool:
    above = re.search(r"ovenstående", line.text, re.IGNORECASE)
    for table in tables:
        gap = line.number - table.last if above else table.first - line.number
        if not 0 < gap <= _NEAR or (timed and table.period_column is None):
            continue
        between = lines[min(line.number, table.last) : max(line.number, table.first) - 1]
        if not any(one.is_heading for one in between):
            return True
    # A list of dates below the line will do for a plan.
    return timed and any(spans(one.text) for one in lines[line.number : line.number + 6])


def _roles_without_holder(free: Sequence[Line], quotas: Sequence[Counted]) -> Iterator[Warning]:
    held: dict[tuple[Role | None, Sector | None], int] = {}
    for index, line in enumerate(free):
        text = line.words
        asked = _asked_role(text)
        below = _below(free, index) if asked is not None else []
        if asked is not None:
            named = sum(bool(_NAME.search(one.words)) for one in below)
            nobody = not named or _NOBODY.search(below[0].words)
            key = (role_in(asked), (sectors_in(asked) or (None,))[0])
            held[key] = held.get(key, 0) + (0 if nobody else named)
            if nobody:
                yield Warning("role_without_holder", line.number, f"Ingen er nævnt som »{asked}«.")
                continue
        if role_in(text) and _NOBODY.search(_without_role(text)) and not spans(text) and asked is None:
            yield Warning("role_without_holder", line.number, f"»{text[:120]}«: rollen har ingen person.")
    for quota in quotas:
        named = sum(held.get((quota.role, sector), 0) for sector in (quota.sectors or (None,)))
        if 0 < named < quota.count <= 3:
            text = f"{quota.count} pladser til {quota.text}, men kun {named} er nævnt ved navn."
            yield Warning("role_without_holder", quota.line, text)


def _asked_role(text: str) -> str | None:
    """The role that a line announces the holder of: "Dagplejens administrator er:"."""
    if _HOLDER.search(text) and role_in(text) and len(text) < 90:
        return _HOLDER.sub("", text).strip()
    found = _ROLE_COLON.match(text)
    if found and not found["who"] and _SINGULAR.search(found["role"]) and role_in(found["role"]):
        return found["role"].strip()
    return None


def _below(free: Sequence[Line], index: int) -> list[Line]:
    """The lines right below, up to the next blank one."""
    found: list[Line] = []
    for line in free[index + 1 : index + 8]:
        if line.is_blank and found:
            break
        if not line.is_blank:
            found.append(line)
    if not found or len(found[0].words) > 140:
        return found[:1] or [Line(0, "")]
    return found


def _without_role(text: str) -> str:
    return text.split(":", 1)[1] if ":" in text else text


def _unknown_people(
    lines: Sequence[Line], free: Sequence[Line], tables: Sequence[Table], organisations: Mapping[str, str]
) -> Iterator[Warning]:
    """A first name that trains or helps, and that nobody with a whole name has."""
    known = {
        found[0].split()[0].lower()
        for line in lines
        for found in _NAME.finditer(line.text)
        if "@" not in found[0]
    }
    known |= {name.split()[0].lower() for name in organisations.values()}
    named: dict[str, list[int]] = {}
    for line in free:
        for found in _WITH_WHOM.finditer(line.text):
            named.setdefault(found["who"], []).append(line.number)
    for table in tables:
        if _is_matrix(table):
            for cell in (cell for row in table.rows for cell in row[1:]):
                for number, text in cell.lines:
                    if re.fullmatch(r"\(?[A-ZÆØÅ][a-zæøåé]+\)?", text.strip()):
                        named.setdefault(text.strip(" ()"), []).append(number)
    for name, numbers in named.items():
        if name.lower() not in known and not _NO_NAMES.match(name):
            places = ", ".join(str(number) for number in sorted(numbers))
            text = f"»{name}« er nævnt uden efternavn, adresse eller rolle (linje {places})."
            yield Warning("unknown_person", min(numbers), text)


def _undated_training(
    free: Sequence[Line], drafts: Sequence[Draft], quotas: Sequence[Counted]
) -> Iterator[Warning]:
    """Somebody shall be trained, and no row says when; or the text says that it is to be agreed."""
    counted = {quota.line for quota in quotas}
    seen: set[tuple[Role, Sector | None]] = set()
    for line in free:
        text = line.words
        if line.number in counted or not is_course(text) or spans(text):
            continue
        for role, sector in _to_train(text):
            if (role, sector) in seen or _has_row(role, sector, drafts):
                continue
            seen.add((role, sector))
            where = f" i {sector.value}" if sector else ""
            yield Warning(
                "undated_training",
                line.number,
                f"Uddannelse af {ROLE_WORDS.get(role, role.value)}{where} har ingen dato i planen.",
            )


def _seats_without_date(drafts: Sequence[Draft], quotas: Sequence[Counted]) -> Iterator[Warning]:
    """Seats are bought, and no row says when the course is."""
    for quota in quotas if drafts else ():
        sectors = quota.sectors or (None,)
        if quota.role and not any(_has_row(quota.role, sector, drafts) for sector in sectors):
            text = f"{quota.count} pladser til {quota.text} har ingen dato i planen."
            yield Warning("undated_training", quota.line, text)


def _to_train(text: str) -> Iterator[tuple[Role, Sector | None]]:
    for found in _TRAINED.finditer(text):
        whom = found["whom"]
        put_off = UNDATED.search(whom)
        whom = whom[: put_off.start()] if put_off else whom
        for piece in re.split(r"\s+(?:og|samt)\s+", whom)[:3]:
            sectors = sectors_in(piece)
            role = role_of(piece, sectors)
            if role is not None:
                yield role, sectors[0] if sectors else None


def _has_row(role: Role, sector: Sector | None, drafts: Sequence[Draft]) -> bool:
    for draft in drafts:
        if draft.category is not ActivityCategory.TRAINING or draft.anchor is None:
            continue
        roles = {draft.role} | frozenset().union(*(roles_in(line) for line in draft.label_lines))
        roles = roles | (
            {Role.INSTITUTION_ADMIN}
            if Role.SCHOOL_ADMIN_STAFF in roles and Sector.DAGTILBUD in draft.sectors
            else set()
        )
        if role in roles and (sector is None or not draft.sectors or sector in draft.sectors):
            return True
    return False
