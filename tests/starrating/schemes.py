"""Example schemes and the short way in which their cases are written."""

import os
from datetime import date
from functools import cache
from pathlib import Path

from starrating.scheme_format import load, read_yaml
from starrating.scoring import Evidence, Override, Value, Veto

SCHEMES = Path(__file__).parents[1] / "schemes"
DATA = Path(__file__).parents[1] / "data"
SHARED_DATA = Path(os.environ.get("PORTAL_SHARED_DATA", "../shared/data"))
KIND_OF = {
    "owner": "reviewed",
    "reviewer": "reviewed",
    "department": "department",
    "public": "public",
    "system": "system",
}


@cache
def scheme_named(name):
    return load(read_yaml((SCHEMES / f"{name}.yaml").read_text(encoding="utf-8")))


def cases_of(name):
    return read_yaml((SCHEMES / "cases" / f"{name}.yaml").read_text(encoding="utf-8"))


def evidence_of(scheme, case):
    """Return the evidence a case is short for: a bare text comes from the item's scorer."""
    scorers = {item.code: item.scorer for item in scheme.items}
    return Evidence(
        items={
            code: values_of(short, KIND_OF[scorers[code]])
            for code, short in case.get("items", {}).items()
        },
        bonus={code: values_of(short, "system") for code, short in case.get("bonus", {}).items()},
        vetoes=tuple(veto_of(**veto) for veto in case.get("vetoes", ())),
        status=case.get("status", ""),
        samples=case.get("samples", {}),
        on=day(case.get("on")),
        override=Override(**case["override"]) if "override" in case else None,
        periods=tuple(
            (name, evidence_of(scheme, part)) for name, part in case.get("periods", {}).items()
        ),
    )


def values_of(short, kind):
    rows = short if isinstance(short, list) else [short]
    values = []
    for row in rows:
        if not isinstance(row, dict):
            row = {"value": row, "reason": "无此业务" if row == "NA" else ""}
        values.append(Value(**{"kind": kind, "id": "source/1", **row}))
    return tuple(values)


def veto_of(since=None, until=None, **rest):
    return Veto(since=day(since), until=day(until), **rest)


def day(text):
    return None if text is None else date.fromisoformat(text)
