"""The default scheme loads and rates a whole shop."""

from starrating.scheme_format import DEFAULT_SCHEME, load, read_yaml
from starrating.scoring import Evidence, Value, rate

SCHEME = load(read_yaml(DEFAULT_SCHEME.read_text(encoding="utf-8")))


def test_a_shop_without_any_evidence_is_incomplete_and_not_zero():
    rating = rate(SCHEME, Evidence())

    assert rating.status == "incomplete"
    assert rating.total is None
    assert len(rating.blanks) == 46


def test_what_only_the_owner_says_waits_for_the_reviewer():
    rating = rate(SCHEME, Evidence(items={"S01": (Value("self", "1"),)}))

    assert ("S01", "签署年度自律承诺书并在店内上墙、扫码可查", "reviewer") in rating.blanks
