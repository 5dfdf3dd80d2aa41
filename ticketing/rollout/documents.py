"""Reads the file that somebody has: JSON, YAML, CSV, XLSX, DOCX or plain text, into what it proposes."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ticketing.configuration import ConfigurationError, load_text
from ticketing.rollout.grids import read_grid
from ticketing.rollout.periods import spans
from ticketing.rollout.reading import Proposed, read_plan
from ticketing.rollout.schemas import PlanFile, ShownPlan
from ticketing.rollout.schoolyear import DaysOff

LARGEST_FILE = 10 * 1024 * 1024
#: Unpacked, a small archive may be endless.
LARGEST_DOCUMENT = 50 * 1024 * 1024
STRUCTURED = frozenset({".json", ".yaml", ".yml", ".csv", ".xlsx"})
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class UnreadablePlan(ValueError):
    """The file holds no plan that can be used; each of `problems` says where and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Known:
    """What a reading needs to know: organisations that train, by key, and the days off."""

    organisations: Mapping[str, str]
    off: DaysOff


def is_structured(name: str) -> bool:
    """Whether a file of that name says by itself which value is which."""
    return Path(name).suffix.lower() in STRUCTURED


def read_document(path: Path, known: Known, *, as_text: bool = False, name: str | None = None) -> Proposed:
    """What the file proposes. `as_text` reads it as prose and tables whatever its name; `name` is what the
    user calls it. Raises `UnreadablePlan`."""
    name = name or path.name
    content = path.read_bytes()
    if len(content) > LARGEST_FILE:
        raise UnreadablePlan([f"{name}: filen er større end {LARGEST_FILE // 1024 // 1024} MB."])
    kind = Path(name).suffix.lower()
    if as_text or kind not in STRUCTURED:
        text = _docx_text(content, name) if content[:2] == b"PK" else decoded(content)
        return read_plan(text, known.organisations, known.off)
    if kind in (".csv", ".xlsx"):
        activities, problems = read_grid(path, name, known.organisations)
        if problems:
            raise UnreadablePlan(problems)
        return Proposed(tuple(activities))
    return _written(decoded(content), name, known)


def decoded(content: bytes) -> str:
    """Text in UTF-8, UTF-16 with its mark, or else Windows-1252, which reads everything."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _written(text: str, name: str, known: Known) -> Proposed:
    """JSON as `plan show` prints it, or YAML as config/plan.yaml."""
    if name.lower().endswith(".json"):
        text = _yaml_of_json(text, name)
    schema = ShownPlan if _names_rows(text) else PlanFile
    try:
        plan = load_text(Path(name), text, schema(organisations=known.organisations))
    except ConfigurationError as error:
        raise UnreadablePlan([f"{name}:{line}: {key}: {what}" for line, key, what in error.problems]) from error
    return Proposed(plan.activities, (), plan.warnings)


def _yaml_of_json(text: str, name: str) -> str:
    """JSON is YAML but for tabs and a bare list; lines are kept where they can be."""
    try:
        found = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise UnreadablePlan([f"{name}:{line}: (syntaks): kan ikke læses som JSON: {error}"]) from error
    if isinstance(found, list):
        return json.dumps({"rows": found}, ensure_ascii=False, indent=1)
    return json.dumps(found, ensure_ascii=False, indent=1) if "\t" in text else text


def _names_rows(text: str) -> bool:
    return '"rows"' in text or any(line.startswith("rows:") for line in text.splitlines())


def _docx_text(content: bytes, name: str) -> str:
    """The paragraphs of a Word document, a line each; a row of a table is a line with pipes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo("word/document.xml").file_size > LARGEST_DOCUMENT:
                raise UnreadablePlan([f"{name}: dokumentet er for stort."])
            document = archive.read("word/document.xml").decode("utf-8")
        if "<!DOCTYPE" in document or "<!ENTITY" in document:
            raise UnreadablePlan([f"{name}: er ikke et Word-dokument."])
        body = ElementTree.fromstring(document).find(f"{_W}body")  # noqa: S314 - entities are refused above
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise UnreadablePlan([f"{name}: er ikke et Word-dokument: {error}"]) from error
    return "\n".join(_blocks(body)) if body is not None else ""


def _blocks(body: ElementTree.Element) -> Iterator[str]:
    for block in body:
        if block.tag == f"{_W}p":
            yield _marked(block)
        elif block.tag == f"{_W}tbl":
            yield ""
            for row in block.iter(f"{_W}tr"):
                cells = row.findall(f"{_W}tc")
                yield from _row([[_paragraph(part) for part in cell.iter(f"{_W}p")] for cell in cells])
            yield ""


def _marked(paragraph: ElementTree.Element) -> str:
    """A paragraph with what makes it a heading or an item of a list."""
    text = _paragraph(paragraph)
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = str(style.get(f"{_W}val", "")).lower() if style is not None else ""
    if text and name.startswith(("heading", "overskrift")):
        return f"# {text}"
    return f"- {text}" if text and paragraph.find(f"{_W}pPr/{_W}numPr") is not None else text


def _row(cells: list[list[str]]) -> Iterator[str]:
    """A cell with several dates is a line each; what else is in pieces stands in one."""
    pieces = [[text for text in cell if text] for cell in cells]
    apart = [cell if sum(bool(spans(text)) for text in cell) > 1 else [" ".join(cell)] for cell in pieces]
    for number in range(max((len(cell) for cell in apart), default=0)):
        yield "| " + " | ".join(cell[number] if number < len(cell) else "" for cell in apart) + " |"


def _paragraph(paragraph: ElementTree.Element) -> str:
    parts = []
    for node in paragraph.iter():
        if node.tag == f"{_W}t":
            parts.append(node.text or "")
        elif node.tag in (f"{_W}tab", f"{_W}br"):
            parts.append(" ")
    return "".join(parts).replace("|", "/").strip()
