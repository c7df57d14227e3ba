"""A published scheme with its official results: every rated row must come out right."""

import csv
import gzip
from collections import Counter

import pytest

from starrating.table_rating import TableRater
from tests.starrating.schemes import DATA, SHARED_DATA, scheme_named

SCORES = ("hygiene", "structural", "confidence_in_management")
SCHEME = scheme_named("fhrs")
PUBLISHED = SHARED_DATA / "ratings" / "fhrs_london_2021.csv.gz"
RATER = TableRater(SCHEME, ["id", *SCORES, "status"])


def rated(row):
    """Return (status, stars) that the scheme gives to a row of the published file."""
    value = row["rating_value"]
    status = "" if value.isdigit() else value
    result = RATER.rated([row["fhrsid"], *[row[name] for name in SCORES], status])
    return result[1], result[2]


def disagreements(rows):
    """Return what came out otherwise than published, and how many rows of each kind there were."""
    wrong, kinds = [], Counter()
    for row in rows:
        found = rated(row)
        if not row["rating_value"].isdigit():
            kinds["not rated"] += 1
            expected = "exempt" if row["rating_value"] == "Exempt" else "awaiting"
            expected = (expected, "")
        elif row["hygiene"]:
            kinds["rated"] += 1
            expected = ("rated", row["rating_value"])
        else:
            kinds["withheld"] += 1
            expected = ("incomplete", "")
        if found != expected:
            wrong.append((row, found))
    return wrong, kinds


def test_every_combination_gets_its_official_rating():
    with (DATA / "fhrs" / "combinations.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    found = [RATER.rated(["1", *[row[name] for name in SCORES], ""]) for row in rows]

    assert len(rows) == 146
    assert [line[2] for line in found] == [row["official_rating"] for row in rows]
    assert [line[3] for line in found] == [row["total"] for row in rows]


def test_the_sample_of_premises_gets_its_official_ratings():
    with (DATA / "fhrs" / "london_2021_sample.csv").open(encoding="utf-8") as file:
        wrong, kinds = disagreements(csv.DictReader(file))

    assert wrong == []
    assert kinds["rated"] == 1469


def test_a_rated_zero_is_a_band_and_no_status():
    assert RATER.rated(["1", "25", "25", "30", ""])[:5] == ["1", "rated", "0", "80", "80"]


def test_the_row_missed_says_the_first_condition_that_does_not_hold():
    line = RATER.rated(["1", "0", "0", "10", ""])

    assert line[:3] == ["1", "rated", "4"]
    assert line[6] == "单项最差得分不高于 5 分，实得 10"


@pytest.mark.shared_data
@pytest.mark.skipif(not PUBLISHED.is_file(), reason="shared data is absent")
def test_every_rated_row_of_the_published_file_comes_out_right():
    with gzip.open(PUBLISHED, "rt", encoding="utf-8") as file:
        wrong, kinds = disagreements(csv.DictReader(file))

    assert wrong == []
    assert kinds == {"rated": 58_853, "withheld": 413, "not rated": 12_393}
