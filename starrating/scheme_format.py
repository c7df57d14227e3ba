"""Reading a scheme: document in, frozen ``Scheme`` out, with its canonical form and hash.

The document is plain data (YAML in and out, JSON in the database). Its form is told by
``content/scheme.schema.json``; what is well formed and still contradicts itself is refused by
``scheme_checks``, always with the place named.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from starrating.scheme_checks import Problem, contradictions
from starrating.scheme_shape import (
    OPERATORS,
    Adjustments,
    AdjustmentStep,
    Band,
    Bonus,
    BonusLine,
    Condition,
    Dimension,
    Item,
    Level,
    NotApplicable,
    Periods,
    Rounding,
    Scheme,
    Section,
    SmallSample,
    StartLimit,
    Status,
    Step,
    SwitchOff,
    Total,
    VetoRule,
)

__all__ = [
    "DEFAULT_SCHEME",
    "Problem",
    "Scheme",
    "SchemeError",
    "canonical_json",
    "document_hash",
    "load",
    "read_yaml",
    "write_yaml",
]

CONTENT = Path(__file__).parent / "content"
DEFAULT_SCHEME = CONTENT / "default_scheme.yaml"
ROUNDING_MODES = {
    "half_up": "ROUND_HALF_UP",
    "half_even": "ROUND_HALF_EVEN",
    "down": "ROUND_DOWN",
}
# Statuses that every scheme knows, whether or not its document names them.
USUAL_STATUSES = (
    Status("awaiting", "待评", ("待评定",)),
    Status("exempt", "免评"),
    Status("withdrawn", "撤销"),
    Status("too_new", "开业未满"),
    Status("declined", "不参评"),
)
KINDS_OF_VALUE = {
    "object": "一组名称和内容",
    "array": "列表",
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "是或否（true、false）",
}
SUBJECTS = {
    "total": "总分",
    "base": "基础分",
    "bonus": "加分",
    "each_dimension_ratio": "各部分得分率",
    "worst_item": "单项最差得分",
    "worst_item_ratio": "单项最低得分率",
    "failed_key_items": "不合格的关键项数",
    "points": "得分",
    "ratio": "得分率",
}


class SchemeError(ValueError):
    """The document is not a usable scheme; ``problems`` says where and why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("".join(problem.sentence for problem in self.problems))


def load(document: Mapping[str, Any]) -> Scheme:
    """Return the scheme that ``document`` describes.

    Raises ``SchemeError`` with every problem found: first those of form, and when the form is
    right those of sense.
    """
    if problems := problems_of_form(document):
        raise SchemeError(problems)
    scheme = _scheme(document)
    if problems := contradictions(scheme):
        raise SchemeError(problems)
    return scheme


def problems_of_form(document: object) -> tuple[Problem, ...]:
    """Return where the document departs from ``content/scheme.schema.json``."""
    errors = sorted(
        _validator().iter_errors(document), key=lambda error: list(map(str, error.path))
    )
    return tuple(_problem(error, document) for error in errors)


def read_yaml(text: str) -> Any:
    """Return the document written in ``text``; decimals stay exact.

    Raises ``SchemeError`` when the text is not YAML.
    """
    try:
        return yaml.load(text, Loader=_ExactLoader)  # noqa: S506 -- a SafeLoader underneath
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else "全文"
        sentence = f"{where}不是正确的 YAML，请检查缩进和冒号。"
        raise SchemeError([Problem(where, sentence)]) from error


def write_yaml(document: Mapping[str, Any]) -> str:
    """Return ``document`` as YAML for people, in its own order."""
    return yaml.dump(document, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=100)


def canonical_json(obj: object) -> str:
    """Return the one JSON text of ``obj``: sorted keys, no spaces, Decimal and date as text."""
    return _CANONICAL.encode(obj)


def document_hash(obj: object) -> str:
    """Return the SHA-256 (hex) of the canonical JSON of ``obj`` in UTF-8."""
    return hashlib.sha256(canonical_json(obj).encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form.")


_CANONICAL = json.JSONEncoder(
    default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
)


class _ExactLoader(yaml.SafeLoader):
    """YAML as people mean it: 0.1 is one tenth, ``no`` and ``2026-01-01`` are words.

    Only null, true, false, whole and decimal numbers are more than text (the core of YAML 1.2).
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


def _exact_number(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(node.value)


for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]+", list("-+0123456789")),
):
    _ExactLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first
    )
_ExactLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("^(?:<<)$"), ["<"])
_ExactLoader.add_constructor("tag:yaml.org,2002:float", _exact_number)


def _whole_number(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(node.value)


_ExactLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)


class _PlainDumper(yaml.SafeDumper):
    """YAML that writes a Decimal as the number it is."""


def _dump_decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", format(value, "f"))


_PlainDumper.add_representer(Decimal, _dump_decimal)


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((CONTENT / "scheme.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _problem(error: ValidationError, document: object) -> Problem:
    """Return the finding of the JSON Schema as a sentence for the secretariat."""
    place = _place(error.absolute_path, document)
    rule, wanted = str(error.validator), cast(Any, error.validator_value)
    found = cast(Any, error.instance)
    if rule == "required":
        missing = "、".join(f"“{name}”" for name in wanted if name not in found)
        return Problem(place, f"“{place}”缺少{missing}。")
    if rule == "additionalProperties":
        known = cast(Any, error.schema)["properties"]
        foreign = "、".join(f"“{name}”" for name in found if name not in known)
        return Problem(place, f"“{place}”里有不认识的内容{foreign}。")
    sentences: dict[str, Callable[[], str]] = {
        "type": lambda: f"应为{KINDS_OF_VALUE[str(wanted)]}",
        "enum": lambda: f"只能是 {'、'.join(map(str, wanted))} 之一",
        "const": lambda: f"只能是 {wanted}",
        "anyOf": lambda: "应为数字",
        "pattern": lambda: "只能用字母、数字、横线和下划线，并以字母开头",
        "minLength": lambda: "不能为空",
        "minItems": lambda: "至少要有一行",
        "uniqueItems": lambda: "里有重复的内容",
        "minimum": lambda: f"不能小于 {wanted}",
        "maximum": lambda: f"不能大于 {wanted}",
    }
    return Problem(place, f"“{place}”{sentences[rule]()}。")


def _place(path: Iterable[str | int], document: object) -> str:
    """Return the path with the code of a row in place of its number where it has one."""
    names: list[str] = []
    here: Any = document
    for step in path:
        here = here[step]
        if isinstance(step, str):
            names.append(step)
        else:
            code = here.get("code") if isinstance(here, Mapping) else None
            names.append(str(code) if isinstance(code, str) else f"第{step + 1}行")
    return ".".join(names) or "全文"


def _number(value: object) -> Decimal:
    return Decimal(str(value))


def _optional(value: object) -> Decimal | None:
    return None if value is None else _number(value)


def _scheme(document: Mapping[str, Any]) -> Scheme:
    scheme_total = document["total"]
    rounding = document.get("rounding", {})
    rule = document.get("not_applicable", {})
    dimensions = tuple(_dimension(row) for row in document["dimensions"])
    names = {d.code: d.name for d in dimensions}
    names |= {item.code: item.name for d in dimensions for item in d.items}
    return Scheme(
        code=document["code"],
        name=document["name"],
        version=str(document["version"]),
        hash=document_hash(document),
        dimensions=dimensions,
        total=Total(
            full=_number(scheme_total["full"]),
            good=scheme_total.get("good", "high"),
            lower=_optional(scheme_total.get("min")),
            upper=_optional(scheme_total.get("max")),
        ),
        rounding=Rounding(
            item=rounding.get("item", 1),
            dimension=rounding.get("dimension", rounding.get("total", 1)),
            total=rounding.get("total", 1),
            mode=ROUNDING_MODES[rounding.get("mode", "half_up")],
        ),
        not_applicable=NotApplicable(
            rule=rule.get("rule", "scale"), need_reason=rule.get("need_reason", True)
        ),
        sections=tuple(
            Section(row["code"], row["name"], tuple(row["items"]), row["minutes"])
            for row in document.get("sections", ())
        ),
        bonus=_bonus(document.get("bonus", {})),
        vetoes=tuple(_veto(row) for row in document.get("vetoes", ())),
        bands=tuple(_band(row, names) for row in document.get("bands", ())),
        adjustments=_adjustments(document.get("adjustments"), names),
        statuses=_statuses(document.get("statuses", ())),
        periods=_periods(document.get("periods")),
        legal=dict(document.get("legal", {})),
        basis_legend=dict(document.get("basis_legend", {})),
        notes=dict(document.get("notes", {})),
    )


def _dimension(row: Mapping[str, Any]) -> Dimension:
    return Dimension(
        code=row["code"],
        name=row["name"],
        combine=row.get("combine", "sum"),
        full=_number(row["points"]),
        items=tuple(_item(item, row.get("scorer", "")) for item in row["items"]),
        share=_optional(row.get("share")),
        ceiling=_optional(row.get("ceiling")),
        stars=tuple(_band(band, {}) for band in row.get("stars", ())),
        small_sample=_small_sample(row.get("small_sample")),
    )


def _item(row: Mapping[str, Any], scorer: str) -> Item:
    full = _number(row["points"])
    lower = _optional(row.get("min"))
    upper = _optional(row.get("max"))
    return Item(
        code=row["code"],
        name=row["name"],
        method=row["method"],
        scorer=row.get("scorer", scorer),
        full=full,
        good=row.get("good", "high"),
        weight=_number(row.get("weight", 1)),
        key=row.get("key", False),
        passes_at=_optional(row.get("passes_at")),
        na=row.get("na", False),
        effort=row.get("effort", 2),
        regainable=row.get("regainable", True),
        levels=tuple(
            Level(level["name"], _number(level["points"])) for level in row.get("levels", ())
        ),
        steps=tuple(_step(step) for step in row.get("steps", ())),
        each=_optional(row.get("each")),
        floor=_number(row.get("floor", 0)),
        target=_optional(row.get("target")),
        zero_at=_optional(row.get("zero_at")),
        none_due=row.get("none_due", "refuse"),
        lower=Decimal(0) if lower is None else lower,
        upper=full if upper is None else upper,
        allowed=tuple(_number(value) for value in row.get("one_of", ())),
        small_sample=_small_sample(row.get("small_sample")),
        evidence=tuple(row.get("evidence", ())),
        basis=tuple(row.get("basis", ())),
        guidance=row.get("guidance", ""),
        note=row.get("note", ""),
    )


def _step(row: Mapping[str, Any]) -> Step:
    points = _number(row["points"])
    for op, sign in (("gte", "≥"), ("lte", "≤")):
        if op in row:
            limit = _number(row[op])
            return Step(op, limit, points, row.get("name", f"{sign}{_short(limit)}"))
    return Step("otherwise", Decimal(0), points, row.get("name", "其他"))


def _small_sample(row: Mapping[str, Any] | None) -> SmallSample | None:
    if row is None:
        return None
    return SmallSample(row["below"], row["use"], _optional(row.get("value")))


def _band(row: Mapping[str, Any], names: Mapping[str, str]) -> Band:
    """Return the row of the table; a condition with two limits becomes two conditions."""
    conditions = tuple(
        _condition(condition, op, names)
        for condition in row["when"]
        for op in OPERATORS
        if op in condition
    )
    return Band(row["stars"], conditions, row.get("label", ""))


def _condition(row: Mapping[str, Any], op: str, names: Mapping[str, str]) -> Condition:
    of, code, need = row["of"], row.get("code", ""), _number(row[op])
    subject = SUBJECTS.get(of, names.get(code, code))
    unit = {
        "failed_key_items": f"{_short(need)} 项",
        "dimension_stars": f"{_short(need)} 星",
    }.get(of, f"{_short(need)} 分")
    if of.endswith("ratio"):
        unit = f"{_short(need * 100)}%"
        subject = subject if of in SUBJECTS else f"{subject}得分率"
    label = row.get("label", f"{subject}{OPERATORS[op]} {unit}")
    return Condition(of, op, need, code, label)


def _short(number: Decimal) -> str:
    """Return the number without trailing zeros: 95, 92.5, 0.1."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _bonus(row: Mapping[str, Any]) -> Bonus:
    off = row.get("switch_off")
    return Bonus(
        lines=tuple(
            BonusLine(
                code=line["code"],
                name=line["name"],
                each=_number(line["each"]),
                cap=_number(line["cap"]),
                effort=line.get("effort", 2),
                regainable=line.get("regainable", True),
                evidence=tuple(line.get("evidence", ())),
                basis=tuple(line.get("basis", ())),
                note=line.get("note", ""),
            )
            for line in row.get("lines", ())
        ),
        cap=_optional(row.get("cap")),
        max_extra_stars=row.get("max_extra_stars"),
        switch_off=None
        if off is None
        else SwitchOff(tuple(off["lost_in"]), _number(off["over"]), tuple(off.get("exempt", ()))),
    )


def _veto(row: Mapping[str, Any]) -> VetoRule:
    return VetoRule(
        code=row["code"],
        name=row["name"],
        effect=row["effect"],
        cap=row.get("cap"),
        months=row.get("months"),
        basis=tuple(row.get("basis", ())),
    )


def _adjustments(row: Mapping[str, Any] | None, names: Mapping[str, str]) -> Adjustments | None:
    if row is None:
        return None
    return Adjustments(
        start=row["start"],
        steps=tuple(_adjustment_step(step, names) for step in row["steps"]),
        lowest=row["lowest"],
        highest=row["highest"],
        limits=tuple(StartLimit(limit["start"], limit["add"]) for limit in row.get("limits", ())),
    )


def _adjustment_step(row: Mapping[str, Any], names: Mapping[str, str]) -> AdjustmentStep:
    op = next((op for op in ("gte", "lte") if op in row), "")
    stars = row.get(op, 0)
    name = names.get(row["dimension"], row["dimension"])
    label = row.get("label", f"{name}{OPERATORS.get(op, '')} {stars} 星")
    return AdjustmentStep(
        row["dimension"], op, stars, row.get("above_start", False), row["add"], label
    )


def _statuses(rows: Sequence[Mapping[str, Any]]) -> tuple[Status, ...]:
    named = tuple(Status(row["code"], row["name"], tuple(row.get("also", ()))) for row in rows)
    known = {status.code for status in named}
    return named + tuple(status for status in USUAL_STATUSES if status.code not in known)


def _periods(row: Mapping[str, Any] | None) -> Periods | None:
    if row is None:
        return None
    return Periods(row["count"], row["combine"], tuple(row.get("names", ())))
