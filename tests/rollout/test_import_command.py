"""`ticketing plan import` and `template`: every kind of file, dry runs, errors with a place."""

import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from openpyxl import Workbook

from tests.factories import MunicipalityFactory
from ticketing.cli import main
from ticketing.clocks.config import danish_holidays
from ticketing.database import db
from ticketing.rollout.queries import activities, waiting_proposals

TEXTS = Path(__file__).parent / "texts"
CSV = """id;kategori;sektor;målgruppe;ansvarlig;undervisere;periode;betalte pladser;deltagere;afhænger af
U01;Uddannelse;skole;Superbrugere på skolerne;Projektgruppen;Netcompany;uge 10-11 2027;40;40;
U02;Uddannelse;Skole;Skolernes lærere;superbruger;Superbruger;05.04.27 til 16.04.27;;;U01
;Go live;;Aula tages i brug;Styregruppen;;den 3. maj 2027;;;
"""
ROWS = [
    ("U01", date(2027, 3, 8), date(2027, 3, 19), 40),
    ("U02", date(2027, 4, 5), date(2027, 4, 16), None),
    ("G01", date(2027, 5, 3), date(2027, 5, 3), None),
]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["plan", *map(str, arguments)])


@pytest.fixture
def municipality(session, monkeypatch, app: Flask):
    settings = app.config["SETTINGS"]
    monkeypatch.setenv("TICKETING_DATABASE", settings.database_url)
    monkeypatch.setenv("TICKETING_DATA", str(settings.data_dir))
    made = MunicipalityFactory(key="nordhavn")
    db.session.commit()
    return made


def saved(municipality) -> list[tuple[str, date | None, date | None, int | None]]:
    db.session.expire_all()
    db.session.rollback()
    rows = activities(db.session(), municipality.id)
    return [(row.key, row.baseline_start, row.baseline_end, row.paid_seats) for row in rows]


def _xlsx(path: Path) -> None:
    book = Workbook()
    for line in CSV.splitlines():
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in line.split(";")])
    book.save(path)


@pytest.mark.parametrize("kind", ["utf-8.csv", "cp1252.csv", "xlsx", "json"])
def test_a_file_is_imported_whole_and_twice_changes_nothing(municipality, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"plan.{kind.rsplit('.', maxsplit=1)[-1]}"
    if kind == "xlsx":
        _xlsx(file)
    elif kind == "json":
        source = tmp_path / "source.csv"
        source.write_text(CSV, encoding="utf-8")
        file.write_text(run("import", source, "--dry-run", "--json").stdout, encoding="utf-8")
    else:
        file.write_bytes(CSV.encode(kind.split(".", maxsplit=1)[0]))
    first = run("import", file, "--municipality", "nordhavn")
    assert first.exit_code == 0 and "3 nye rækker, 0 ændrede, 0 som før" in first.output
    assert saved(municipality) == ROWS
    assert "0 nye rækker, 0 ændrede, 3 som før" in run("import", file, "--municipality", "nordhavn").output


def test_what_show_prints_is_read_again(municipality, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(run("show", "--json").stdout, encoding="utf-8")
    assert "38 nye rækker" in run("import", file, "--municipality", "nordhavn").output
    again = json.loads(run("show", "--municipality", "nordhavn", "--json").stdout)
    assert again == json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("old", "new", "place", "expected"),
    [
        ("uge 10-11 2027", "uge 53 2027", "række 2, periode", "uge 53 findes ikke i 2027, som har 52 uger"),
        ("uge 10-11 2027", "uge 10", "række 2, periode", "årstallet mangler"),
        ("Projektgruppen", "Borgmesteren", "række 2, ansvarlig", "forventede employee"),
        (";Superbruger;05", ";Heksen;05", "række 3, undervisere", "ikke »Heksen«"),
        ("05.04.27 til 16.04.27", "16.04.27 til 05.04.27", "række 3, fra", "før den begynder"),
        (";40;40;", ";40;41;", "række 2, betalte pladser", "40 pladser er færre end de 41 deltagere"),
        (";;;U01", ";;;U09", "række 3, afhænger af", "ikke »U09«"),
        (";40;40;", ";40;40;U02", "række 2, afhænger af", "ring: U01 → U02 → U01"),
        (";40;40;", ";fyrre;40;", "række 2, betalte pladser", "forventede et helt tal"),
    ],
)
def test_a_bad_row_is_told_by_place_and_nothing_is_imported(
    municipality, tmp_path: Path, old: str, new: str, place: str, expected: str
) -> None:
    file = tmp_path / "plan.csv"
    file.write_text(CSV.replace(old, new), encoding="utf-8")
    result = run("import", file, "--municipality", "nordhavn")
    assert result.exit_code == 1
    told = next(line for line in result.output.splitlines() if expected in line)
    assert place in told or "ring" in told
    assert "Intet er gemt" in result.output and saved(municipality) == []


def test_json_with_a_fault_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(
        '{"rows": [\n {"id": "U01", "category": "training",\n  "audience": "x", "responsible": "chef"}\n]}'
    )
    result = run("import", file, "--dry-run")
    assert result.exit_code == 1 and "plan.json:3: rows.0.responsible: forventede employee" in result.output
    file.write_text("{\n nej")
    assert "plan.json:2: (syntaks)" in run("import", file, "--dry-run").output


def test_a_text_is_dry_run_without_a_database(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TICKETING_DATABASE", "sqlite:////nowhere/at/all.db")
    result = run("import", "--text", TEXTS / "vesterkaer.txt", "--dry-run", "--json")
    found = json.loads(result.stdout)
    assert len(found["rows"]) == 16
    assert sum(quota["count"] for quota in found["quotas"]) == 135
    assert {"role", "count", "hours", "line"} <= found["quotas"][0].keys()
    assert {"kind": "end_before_start", "line": 393} in [
        {"kind": warning["kind"], "line": warning["line"]} for warning in found["warnings"]
    ]


def test_a_text_only_proposes(municipality) -> None:
    result = run("import", "--text", TEXTS / "nordhavn.txt", "--municipality", "nordhavn")
    assert "12 forslag venter" in result.output
    assert saved(municipality) == [] and waiting_proposals(db.session(), municipality.id) == 12
    assert "læst før" in run("import", "--text", TEXTS / "nordhavn.txt", "--municipality", "nordhavn").output


def test_a_word_document_is_read_with_its_tables(tmp_path: Path) -> None:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def p(text: str) -> str:
        return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"

    def row(*cells: list[str]) -> str:
        inside = "".join("<w:tc>" + "".join(map(p, cell)) + "</w:tc>" for cell in cells)
        return f"<w:tr>{inside}</w:tr>"

    dates = ["30.09 - Møde", "21.10.20 - Kursus"]
    table = row(["Uddannelse af:"], ["Periode"]) + row(["Dagtilbuddenes", "ledere"], dates)
    file = tmp_path / "plan.docx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "word/document.xml",
            f"<w:document {w}><w:body>{p('Plan')}<w:tbl>{table}</w:tbl></w:body></w:document>",
        )
    rows = json.loads(run("import", file, "--dry-run", "--json").stdout)["rows"]
    assert [(row["audience"], row["start"]) for row in rows] == [
        ("Dagtilbuddenes ledere, Møde", "2020-09-30"),
        ("Dagtilbuddenes ledere, Kursus", "2020-10-21"),
    ]
    file.write_bytes(b"PK nonsense")
    assert "er ikke et Word-dokument" in run("import", file, "--dry-run").output


def test_without_a_municipality_nothing_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    file.write_text(CSV, encoding="utf-8")
    assert "Give --municipality, or --dry-run" in run("import", file).output


def template(*go_lives: str) -> dict[str, dict]:
    result = run("template", "--json", *(part for one in go_lives for part in ("--go-live", one)))
    return {row["id"]: row for row in json.loads(result.stdout)["rows"]}


def test_the_template_keeps_each_dates_distance_to_its_own_go_live() -> None:
    rows = template("skole=2027-08-16", "dagtilbud=2028-01-17", "dagpleje=2028-01-17")
    assert len(rows) == 38
    assert (rows["G01"]["start"], rows["G02"]["start"]) == ("2027-08-16", "2028-01-17")
    shipped = {row["id"]: row for row in json.loads(run("show", "--json").stdout)["rows"]}
    for key, go_live in (("U11", "G01"), ("U13", "G02"), ("F01", "G01")):
        was = date.fromisoformat(shipped[go_live]["start"]) - date.fromisoformat(shipped[key]["start"])
        now = date.fromisoformat(rows[go_live]["start"]) - date.fromisoformat(rows[key]["start"])
        assert abs(was - now) <= timedelta(days=4)


def test_the_template_lands_on_working_days() -> None:
    public = danish_holidays()
    rows = template("skole=2027-05-10", "dagtilbud=2027-12-27", "dagpleje=2027-12-27")
    days = [
        date.fromisoformat(row[end])
        for row in rows.values()
        for end in ("start", "end")
        if row[end] and row["category"] != "phase"
    ]
    assert days and [day for day in days if day.weekday() >= 5 or day in public] == []


def test_the_sources_own_faults_and_numbers_stay_behind() -> None:
    rows = template("skole=2027-08-16", "dagtilbud=2028-01-17", "dagpleje=2028-01-17")
    assert {warning.get("code") for row in rows.values() for warning in row["warnings"]} == {None}
    assert {row["paid_seats"] for row in rows.values()} == {None}
    assert rows["U03"]["audience"] == "Pædagogiske superbrugere på skolerne"
    kinds = {(row["id"], warning["kind"]) for row in rows.values() for warning in row["warnings"]}
    # The plan's own order was wrong, and is found again by the general check.
    assert ("U10", "dependency_order") in kinds and ("F02", "school_holiday") in kinds


def test_a_sector_without_a_date_is_left_out() -> None:
    rows = template("dagtilbud=2028-01-17")
    assert {row["sector"] for row in rows.values()} == {"dagtilbud", "it", None}
    assert "U03" not in rows and "P02" in rows


def test_a_day_off_is_no_go_live(tmp_path: Path) -> None:
    assert "15.08.2027 er ikke en arbejdsdag" in run("template", "--go-live", "skole=2027-08-15").output
    assert "forventede skole" in run("template", "--go-live", "fritid=2027-08-16").output


def test_a_municipality_starts_from_the_template_once(municipality) -> None:
    given = ("template", "--go-live", "skole=2027-08-16", "--municipality", "nordhavn")
    assert "rækker er gemt" in run(*given).output
    assert len(saved(municipality)) > 20
    assert "har en plan i forvejen" in run(*given).output
