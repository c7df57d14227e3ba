"""The demo's association."""

from datetime import UTC, datetime

import pytest

from association import sample
from desk import queries

pytestmark = pytest.mark.django_db


def test_the_demo_has_an_association_with_an_invented_name(monkeypatch):
    sample.discover()
    ours = ("members.sample.people", "desk.sample.association")
    monkeypatch.setattr(sample, "CHAPTERS", {name: sample.CHAPTERS[name] for name in ours})

    sample.tell(sample.Story(now=datetime(2026, 11, 20, 2, 0, tzinfo=UTC)))

    assert queries.profile().name == "示例区药品经营行业协会"
