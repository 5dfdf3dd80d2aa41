"""Loads the ladders, categories and vendors of config/ and refuses what could not work."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ticketing.configuration import load_file
from ticketing.ladder.rules import Ladder, Step, Way
from ticketing.vocabulary import Lane, Priority, RequesterRole, Role, Rung, Sector, UnitKind

HANDOVER_FIELDS = ("tried", "affected", "since", "error_text")


@dataclass(frozen=True)
class Category:
    """What a question is about; its lane and priority are proposals."""

    key: str
    name_da: str
    name_en: str
    lane: Lane
    priority: Priority
    chip: bool
    active: bool
    confidential: bool
    vendors: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Vendor:
    """A side exit (domain §4): what must be known before an item may leave that way."""

    key: str
    name_da: str
    name_en: str
    ask_again_days: int
    do_not_send: str
    fields: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class LadderConfig:
    """Everything that the ladder's files say. `ladders` by file name; "ladder" is the default shape."""

    ladders: Mapping[str, Ladder]
    categories: Mapping[str, Category]
    vendors: Mapping[str, Vendor]
    always_vendors: tuple[str, ...]
    fallback_category: str

    def vendors_for(self, category: str) -> tuple[Vendor, ...]:
        """The side exits of a topic, its own first."""
        own = self.categories[category].vendors if category in self.categories else ()
        return tuple(self.vendors[key] for key in dict.fromkeys((*own, *self.always_vendors)))

    def category_for_text(self, text: str) -> Category:
        """The category with the longest of its words in `text` (whole words, any case), else the fallback."""
        padded = f" {' '.join(text.lower().replace(',', ' ').replace('.', ' ').replace('?', ' ').split())} "
        best = (0, self.categories[self.fallback_category])
        for category in self.categories.values():
            for word in category.words:
                if category.active and len(word) > best[0] and f" {word} " in padded:
                    best = (len(word), category)
        return best[1]


def load_ladders(config_dir: Path) -> LadderConfig:
    """Reads ladder.yaml, ladders/*.yaml, categories.yaml and vendors.yaml. Raises `ConfigurationError` that
    names the file, line, key and what was expected."""
    vendors = load_file(config_dir / "vendors.yaml", _VendorsFile())
    categories = load_file(config_dir / "categories.yaml", _CategoriesFile(vendors=set(vendors["vendors"])))
    files = {"ladder": config_dir / "ladder.yaml"}
    files |= {path.stem: path for path in sorted((config_dir / "ladders").glob("*.yaml"))}
    known = set(categories["categories"])
    return LadderConfig(
        ladders={name: _ladder(load_file(path, _LadderFile(categories=known))) for name, path in files.items()},
        categories={key: _category(key, raw) for key, raw in categories["categories"].items()},
        vendors={key: _vendor(key, raw) for key, raw in vendors["vendors"].items()},
        always_vendors=tuple(vendors["always"]),
        fallback_category=categories["fallback"],
    )


class _Name(Schema):
    da = fields.Str(required=True, validate=validate.Length(min=1))
    en = fields.Str(required=True, validate=validate.Length(min=1))


class _StepFile(Schema):
    rung = fields.Enum(Rung, by_value=True, required=True)
    name = fields.Nested(_Name, required=True)
    roles = fields.List(fields.Enum(Role, by_value=True), required=True, validate=validate.Length(min=1))
    held_at = fields.Enum(UnitKind, by_value=True, required=True)
    held_in = fields.Dict(
        keys=fields.Enum(Sector, by_value=True), values=fields.Enum(UnitKind, by_value=True), load_default=dict
    )
    widen_to = fields.Enum(UnitKind, by_value=True, load_default=None)
    vacancy = fields.Str(load_default="", validate=validate.OneOf(["", "task"]))
    fallback = fields.Str(load_default=None)
    sees = fields.Str(load_default="all", validate=validate.OneOf(["all", "minimised"]))
    may_not = fields.List(fields.Str(), load_default=list)
    may_not_solve = fields.List(fields.Enum(Lane, by_value=True), load_default=list)


class _WayFile(Schema):
    steps = fields.List(fields.Str(), required=True, validate=validate.Length(min=1))
    lane = fields.Enum(Lane, by_value=True, load_default=None)
    category = fields.Str(load_default=None)
    sector = fields.Enum(Sector, by_value=True, load_default=None)
    requester = fields.Enum(RequesterRole, by_value=True, load_default=None)
    straight_to = fields.Str(load_default=None)
    tells = fields.List(fields.Enum(Role, by_value=True), load_default=list)


class _TriageFile(Schema):
    step = fields.Str(required=True)


class _BouncesFile(Schema):
    limit = fields.Int(required=True, validate=validate.Range(min=1))
    owner = fields.Str(required=True)


class _LadderFile(Schema):
    name = fields.Str(required=True)
    steps = fields.Dict(keys=fields.Str(), values=fields.Nested(_StepFile), required=True)
    ways = fields.List(fields.Nested(_WayFile), required=True, validate=validate.Length(min=1))
    starts = fields.Dict(keys=fields.Enum(RequesterRole, by_value=True), values=fields.Str(), required=True)
    triage = fields.Nested(_TriageFile, required=True)
    refer_to = fields.Dict(
        keys=fields.Enum(Lane, by_value=True), values=fields.List(fields.Str()), required=True
    )
    between_sectors = fields.List(fields.Str(), required=True)
    bounces = fields.Nested(_BouncesFile, required=True)
    handover = fields.Dict(
        keys=fields.Enum(Rung, by_value=True),
        values=fields.List(fields.Str(validate=validate.OneOf(HANDOVER_FIELDS))),
        required=True,
    )

    def __init__(self, *, categories: set[str]) -> None:
        super().__init__()
        self.categories = categories

    @validates_schema
    def _names_exist(self, data: dict[str, Any], **_: Any) -> None:
        """Every step that a key names must be one of `steps`; the last way must fit everything."""
        known = set(data["steps"])
        for path, name in _named_steps(data):
            if name not in known:
                raise ValidationError(_nested(path, f"expected one of the steps {sorted(known)}, not {name!r}"))
        for index, way in enumerate(data["ways"]):
            if way["category"] is not None and way["category"] not in self.categories:
                message = f"expected a category of categories.yaml, not {way['category']!r}"
                raise ValidationError(_nested(["ways", index, "category"], message))
        last = data["ways"][-1]
        if any(last[key] is not None for key in ("lane", "category", "sector", "requester")):
            message = "expected a last way that fits every item (steps only)"
            raise ValidationError(_nested(["ways", len(data["ways"]) - 1], message))
        for role in RequesterRole:
            if role not in data["starts"]:
                raise ValidationError(_nested(["starts"], f"expected a start for {role.value}"))


class _CategoryFile(Schema):
    name = fields.Nested(_Name, required=True)
    lane = fields.Enum(Lane, by_value=True, required=True)
    priority = fields.Enum(Priority, by_value=True, required=True)
    chip = fields.Bool(load_default=False)
    active = fields.Bool(load_default=True)
    confidential = fields.Bool(load_default=False)
    vendors = fields.List(fields.Str(), load_default=list)
    words = fields.List(fields.Str(), load_default=list)


class _CategoriesFile(Schema):
    categories = fields.Dict(keys=fields.Str(), values=fields.Nested(_CategoryFile), required=True)
    fallback = fields.Str(required=True)

    def __init__(self, *, vendors: set[str]) -> None:
        super().__init__()
        self.vendors = vendors

    @validates_schema
    def _names_exist(self, data: dict[str, Any], **_: Any) -> None:
        if data["fallback"] not in data["categories"]:
            raise ValidationError("expected one of the categories", "fallback")
        for key, category in data["categories"].items():
            for vendor in category["vendors"]:
                if vendor not in self.vendors:
                    message = f"expected a vendor of vendors.yaml, not {vendor!r}"
                    raise ValidationError(_nested(["categories", key, "vendors"], message))


class _VendorFile(Schema):
    name = fields.Nested(_Name, required=True)
    ask_again_days = fields.Int(required=True, validate=validate.Range(min=1))
    do_not_send = fields.Str(load_default="")
    fields_ = fields.Dict(
        keys=fields.Str(), values=fields.Nested(_Name), data_key="fields", attribute="fields", required=True
    )


class _VendorsFile(Schema):
    vendors = fields.Dict(keys=fields.Str(), values=fields.Nested(_VendorFile), required=True)
    always = fields.List(fields.Str(), load_default=list)

    @validates_schema
    def _names_exist(self, data: dict[str, Any], **_: Any) -> None:
        for index, key in enumerate(data["always"]):
            if key not in data["vendors"]:
                raise ValidationError(_nested(["always", index], "expected one of the vendors above"))


def _named_steps(data: dict[str, Any]) -> list[tuple[list[str | int], str]]:
    found: list[tuple[list[str | int], str]] = []
    for index, way in enumerate(data["ways"]):
        found += [(["ways", index, "steps"], name) for name in way["steps"]]
        if way["straight_to"]:
            found.append((["ways", index, "straight_to"], way["straight_to"]))
    found += [(["starts", role.value], name) for role, name in data["starts"].items()]
    found += [(["refer_to", lane.value], n) for lane, names in data["refer_to"].items() for n in names]
    found += [(["between_sectors"], name) for name in data["between_sectors"]]
    found += [(["triage", "step"], data["triage"]["step"]), (["bounces", "owner"], data["bounces"]["owner"])]
    found += [
        (["steps", key, "fallback"], step["fallback"])
        for key, step in data["steps"].items()
        if step["fallback"]
    ]
    return found


def _nested(path: list[str | int], message: str) -> dict[Any, Any]:
    made: Any = [message]
    for part in reversed(path):
        made = {part: made}
    return dict(made)


def _ladder(raw: dict[str, Any]) -> Ladder:
    return Ladder(
        name=raw["name"],
        steps={key: _step(key, step) for key, step in raw["steps"].items()},
        ways=tuple(
            Way(
                steps=tuple(way["steps"]),
                lane=way["lane"],
                category=way["category"],
                sector=way["sector"],
                requester=way["requester"],
                straight_to=way["straight_to"],
                tells=frozenset(way["tells"]),
            )
            for way in raw["ways"]
        ),
        starts=raw["starts"],
        triage=raw["triage"]["step"],
        refer_to={lane: tuple(steps) for lane, steps in raw["refer_to"].items()},
        between_sectors=frozenset(raw["between_sectors"]),
        bounce_limit=raw["bounces"]["limit"],
        bounce_owner=raw["bounces"]["owner"],
        handover={rung: tuple(names) for rung, names in raw["handover"].items()},
    )


def _step(key: str, raw: dict[str, Any]) -> Step:
    return Step(
        key=key,
        rung=raw["rung"],
        name_da=raw["name"]["da"],
        name_en=raw["name"]["en"],
        roles=frozenset(raw["roles"]),
        held_at=raw["held_at"],
        held_in=raw["held_in"],
        widen_to=raw["widen_to"],
        asks_for_appointment=raw["vacancy"] == "task",
        fallback=raw["fallback"],
        sees_minimised=raw["sees"] == "minimised",
        may_not=frozenset(raw["may_not"]),
        may_not_solve=frozenset(raw["may_not_solve"]),
    )


def _category(key: str, raw: dict[str, Any]) -> Category:
    return Category(
        key=key,
        name_da=raw["name"]["da"],
        name_en=raw["name"]["en"],
        lane=raw["lane"],
        priority=raw["priority"],
        chip=raw["chip"],
        active=raw["active"],
        confidential=raw["confidential"],
        vendors=tuple(raw["vendors"]),
        words=tuple(word.lower() for word in raw["words"]),
    )


def _vendor(key: str, raw: dict[str, Any]) -> Vendor:
    return Vendor(
        key=key,
        name_da=raw["name"]["da"],
        name_en=raw["name"]["en"],
        ask_again_days=raw["ask_again_days"],
        do_not_send=raw["do_not_send"],
        fields={name: (text["da"], text["en"]) for name, text in raw["fields"].items()},
    )
