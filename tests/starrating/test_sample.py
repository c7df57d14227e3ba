"""The demo's ratings: made by the acts of people, dated, and never later than the story."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from association import sample
from association.default_content import working_days
from association.models import AuditEvent, Delivery, Job
from starrating.evidence import stale
from starrating.models import Assessment, Award, Cycle, MarkPaper, Result
from starrating.queries.replay import differences_of

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ROOMS = ("members.", "inspections.", "starrating.")
pytestmark = pytest.mark.django_db


def tell(monkeypatch, size):
    sample.discover()
    ours = {name: c for name, c in sample.CHAPTERS.items() if name.startswith(ROOMS)}
    monkeypatch.setattr(sample, "CHAPTERS", ours)
    story = sample.Story(now=NOW, size=size)
    sample.tell(story)
    return story


def test_last_year_is_on_the_wall_and_this_year_in_the_middle_of_its_review(monkeypatch):
    working_days(NOW)
    tell(monkeypatch, 40)
    last, this = Cycle.objects.order_by("pk")

    assert (last.name, last.state) == ("2025 年度", "final")
    assert last.gate_first_by != last.gate_second_by
    results = Result.objects.filter(assessment__cycle=last)
    assert results.count() == last.assessments.count()
    assert {differences_of(result) for result in results[:3]} == {()}
    states = Counter(Award.objects.values_list("state", flat=True))
    assert states["valid"] > 20
    assert states["suspended"] == 1
    assert AuditEvent.objects.filter(act="award.restored").count() == 1

    assert (this.name, this.state) == ("2026 年度", "review")
    states = Counter(this.assessments.values_list("state", flat=True))
    assert set(states) == {"open", "submitted", "returned", "reviewed", "declined", "excused"}
    waiting = Assessment.objects.filter(cycle=this, state="submitted")
    assert waiting.filter(is_on_behalf=True, confirmed_at=None).exists()
    assert waiting.filter(confirmed_at__isnull=False).exists()
    found = {status for (status,) in this.assessments.values_list("preview_status")}
    assert found >= {"rated", "incomplete", "vetoed"}
    assert list(stale(this)) == []
    assert MarkPaper.objects.filter(needs_confirmation=True, confirmed_at=None).count() == 1

    for moments in (
        AuditEvent.objects.values_list("happened_at", flat=True),
        Delivery.objects.filter(delivered_at__isnull=False).values_list("delivered_at", flat=True),
        Job.objects.values_list("finished_at", flat=True),
    ):
        assert max(moments) <= NOW


@pytest.mark.parametrize("size", [1, 3])
def test_a_tiny_register_tells_the_same_story(monkeypatch, size):
    working_days(NOW)
    tell(monkeypatch, size)
    assert [cycle.state for cycle in Cycle.objects.order_by("pk")] == ["final", "review"]


def test_without_the_working_days_the_story_stops_before_the_notice(monkeypatch):
    tell(monkeypatch, 3)
    assert Cycle.objects.order_by("pk").first().state == "gated"
    assert not Result.objects.exists()
