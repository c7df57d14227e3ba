"""The demo's year: planned, held, papered and verified by acts, with the gaps that are meant."""

from datetime import UTC, date, datetime

import pytest

from activities.models import Activity, PlanVersion, SignUp
from activities.queries import completion_matrix
from association import sample
from association.models import AuditEvent

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_the_year_is_planned_held_and_verified_by_acts_with_the_gaps_that_are_meant(monkeypatch):
    sample.discover()
    rooms = ("members.", "party.", "activities.")
    ours = {name: c for name, c in sample.CHAPTERS.items() if name.startswith(rooms)}
    monkeypatch.setattr(sample, "CHAPTERS", ours)
    story = sample.Story(now=NOW, size=24)
    sample.tell(story)

    rows = {row.duty.code: row.cells for row in completion_matrix(2026, today=date(2026, 11, 20))}
    over = {
        code: [cell.obligation.period for cell in cells if cell.state == "over"]
        for code, cells in rows.items()
    }
    assert {code: missed for code, missed in over.items() if missed} == {
        "duty/B04": ["2026年第2季度"],
        "duty/D01": ["2026年3月"],  # left open to be tried
    }
    assert rows["duty/B04"][1].words == "未开展：防汛值守，停止集中活动"
    assert [cell.state for cell in rows["duty/B02"][:11]] == ["done"] * 11  # by the branches
    assert [cell.state for cell in rows["duty/C02"][:11]] == ["done"] * 11
    assert {c.state for cells in rows.values() for c in cells} >= {"done", "part", "plan", "todo"}

    versions = PlanVersion.objects.order_by("number").values_list("note", flat=True)
    assert list(versions) == ["理事会通过", "年中调整"]
    training = Activity.objects.get(title="处方药合规培训")
    assert training.taken <= training.places
    owner = story.user("owner")
    assert SignUp.objects.filter(pharmacy__in=owner.positions.values("pharmacy")).exists()

    held = Activity.objects.held()
    assert held.count() > 150
    assert not held.exclude(recorded_at__lte=NOW).exists()
    acts = set(AuditEvent.objects.values_list("act", flat=True))
    assert acts >= {
        "plan.drafted",
        "plan.fixed",
        "activity.held",
        "activity.batch_recorded",
        "activity.verified",
        "activity.published",
        "activity.signed_up",
        "activity.checked_in",
        "obligation.explained",
    }
