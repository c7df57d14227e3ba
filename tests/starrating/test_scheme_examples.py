"""Every part of a scheme that rating.md names, proven by a small document and its cases."""

import pytest

from starrating.scoring import evidence_from_dict, evidence_json, evidence_to_dict, rate
from tests.starrating.schemes import SCHEMES, cases_of, evidence_of, scheme_named

NAMES = sorted(path.stem for path in (SCHEMES / "cases").glob("*.yaml"))
CASES = [
    pytest.param(name, case, id=f"{name}: {case['name']}")
    for name in NAMES
    for case in cases_of(name)
]
# The rows of the table in the specification and the documents that prove them.
ROWS = {
    "sections": ["sections"],
    "items": ["items_methods", "items_key"],
    "dimensions": ["dimensions_share_and_mean", "dimensions_ceiling"],
    "not applicable": ["not_applicable_scaled", "not_applicable_shrunk"],
    "missing": ["missing_and_small_samples", "missing_dimension_sample"],
    "bonus": ["bonus_limits", "bonus_switched_off"],
    "vetoes": ["vetoes"],
    "total": ["total_limits"],
    "bands": ["bands_conditions", "bands_ranges"],
    "adjustments": ["adjustments"],
    "statuses": ["statuses"],
    "periods": ["periods_mean", "periods_worst", "periods_last"],
    "override": ["override"],
}


def test_every_row_of_the_table_has_its_documents():
    assert sorted(name for names in ROWS.values() for name in names) == NAMES


@pytest.mark.parametrize(("name", "case"), CASES)
def test_example_rates_as_it_says(name, case):
    scheme = scheme_named(name)
    rating = rate(scheme, evidence_of(scheme, case), preview=case.get("preview", False))
    tree = rating.as_dict()
    seen = {
        **tree,
        "parts": rating.brief()["parts"],
        "items": rating.brief()["items"],
        "vetoes": [veto["code"] for veto in tree["vetoes"]],
        "blanks": {blank["code"]: blank["waiting_for"] for blank in tree["blanks"]},
    }

    for part, expected in case["expect"].items():
        found = seen[part]
        if isinstance(expected, dict) and part != "blanks":
            found = {key: found[key] for key in expected}
        assert found == expected, part


@pytest.mark.parametrize(("name", "case"), CASES)
def test_evidence_of_every_example_survives_its_record(name, case):
    evidence = evidence_of(scheme_named(name), case)

    record = evidence_to_dict(evidence)

    assert evidence_to_dict(evidence_from_dict(record)) == record
    assert evidence_json(evidence_from_dict(record)) == evidence_json(evidence)
