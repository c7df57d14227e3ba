"""The golden set: what was once issued must come out the same for ever."""

import json

import pytest

from starrating.scheme_format import canonical_json, document_hash, load
from starrating.scoring import ENGINE_VERSION, evidence_from_dict, freeze, rate, verify
from tests.starrating.make_golden import GOLDEN

SETS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN.glob("*.json")}
RESULTS = [
    pytest.param(load(golden["document"]), frozen, id=f"{name} {n}")
    for name, golden in sorted(SETS.items())
    for n, frozen in enumerate(golden["results"])
]


def test_the_golden_set_is_not_empty():
    assert len(RESULTS) > 50


@pytest.mark.parametrize(("scheme", "frozen"), RESULTS)
def test_golden_result_is_recomputed_to_the_letter(scheme, frozen):
    again = freeze(rate(scheme, evidence_from_dict(json.loads(frozen["evidence"]))))

    assert {**frozen, "tree": None} == {**again, "tree": None}
    assert frozen["engine_version"] == ENGINE_VERSION
    assert verify(scheme, frozen) == ()


@pytest.mark.parametrize(("scheme", "frozen"), [p for p in RESULTS if p.values[1]["tree"]])
def test_golden_tree_is_the_same(scheme, frozen):
    rating = rate(scheme, evidence_from_dict(json.loads(frozen["evidence"])))

    assert rating.as_dict() == frozen["tree"]
    assert verify(scheme, {**frozen, "result": frozen["tree"]}) == ()


FROZEN = SETS["default"]["results"][0]
SCHEME = load(SETS["default"]["document"])


def test_verify_names_evidence_that_was_changed():
    forged = FROZEN["evidence"].replace('"value":"1"', '"value":"0"', 1)

    differences = verify(SCHEME, {**FROZEN, "evidence": forged})

    assert differences[0] == "证据的校验值不符，冻结后被改过。"
    assert any(line.startswith("“total”冻结为 ") for line in differences)


def test_verify_names_the_number_that_was_changed():
    result = json.loads(FROZEN["result"])
    forged = canonical_json({**result, "total": "99.9"})

    assert verify(SCHEME, {**FROZEN, "result": forged}) == (
        f"“total”冻结为 99.9，复算为 {result['total']}。",
    )


def test_verify_refuses_another_scheme():
    assert verify(SCHEME, {**FROZEN, "scheme_hash": "0" * 64}) == (
        "方案与冻结时不同，不能用它复算。",
    )


def test_verify_says_when_evidence_cannot_be_rated():
    evidence = {"items": {"R99": [{"kind": "department", "value": "1"}]}}
    frozen = {**FROZEN, "evidence": evidence, "evidence_hash": document_hash(evidence)}

    assert verify(SCHEME, frozen) == ("证据不能复算：R99：方案里没有这一项。",)
