"""A star on the wall: suspended, restored, withdrawn, expired."""

from datetime import UTC, date, datetime

import pytest

from accounts.roles import Role
from association import jobs
from association.models import AuditEvent, Delivery, Job
from association.workflow import ForbiddenMoveError
from starrating.actions import award as acts
from starrating.models import Award
from tests.factories.accounts import make_user
from tests.factories.members import owner_of
from tests.factories.starrating import AwardFactory, ResultFactory

NOW = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_user(Role.SECRETARIAT)


def state_of(award):
    return tuple(Award.objects.values_list("state", "state_reason").get(pk=award.pk))


def test_a_star_is_suspended_restored_and_withdrawn_and_the_shop_hears_why(secretary):
    award = AwardFactory()
    owner = owner_of(award.pharmacy)
    for act, state in (("suspend", "suspended"), ("restore", "valid"), ("withdraw", "withdrawn")):
        acts.move_award(award, act, reason=f" {act} 的原因 ", by=secretary, now=NOW)
        assert state_of(award) == (state, f"{act} 的原因")
        message = Delivery.objects.filter(recipient=owner).latest("pk").message
        assert f"{act} 的原因" in message.body
        assert "书面交协会秘书处" in message.body
    assert list(AuditEvent.objects.order_by("pk").values_list("act", flat=True)) == [
        "award.suspended",
        "award.restored",
        "award.withdrawn",
    ]


@pytest.mark.parametrize(
    ("state", "act", "reason", "error"),
    [
        pytest.param("valid", "suspend", " ", acts.ReasonMissingError, id="no reason"),
        pytest.param("valid", "restore", "x", ForbiddenMoveError, id="nothing to restore"),
        pytest.param("withdrawn", "restore", "x", ForbiddenMoveError, id="gone for good"),
        pytest.param("expired", "suspend", "x", ForbiddenMoveError, id="over"),
    ],
)
def test_a_move_that_is_refused_changes_nothing(secretary, state, act, reason, error):
    award = AwardFactory(state=state, state_reason="旧原因")
    with pytest.raises(error):
        acts.move_award(award, act, reason=reason, by=secretary, now=NOW)
    assert state_of(award) == (state, "旧原因")
    assert not AuditEvent.objects.exists()
    assert not Delivery.objects.exists()


def test_an_old_certificate_does_not_come_back_beside_a_newer_one(secretary):
    old = AwardFactory(state="suspended", state_reason="复核中")
    AwardFactory(
        result=ResultFactory(assessment=old.result.assessment, version=2),
        valid_from=date(2027, 2, 1),
    )
    with pytest.raises(acts.TermTakenError):
        acts.move_award(old, "restore", reason="复核完毕", by=secretary, now=NOW)
    assert state_of(old) == ("suspended", "复核中")


def test_the_night_closes_what_is_over_and_nothing_else():
    over = AwardFactory(valid_to=date(2027, 2, 28))
    AwardFactory(valid_to=date(2027, 3, 1))
    AwardFactory(valid_to=date(2027, 2, 28), state="suspended", state_reason="复核中")
    assert acts.expire_due(today=date(2027, 3, 1), now=NOW) == 1
    assert state_of(over) == ("expired", "有效期满")
    assert acts.expire_due(today=date(2027, 3, 1), now=NOW) == 0


def test_the_worker_expires_by_itself_and_again_after_missed_nights():
    award = AwardFactory(valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31))
    while jobs.run_due()[0]:
        pass
    assert state_of(award)[0] == "expired"
    assert Job.objects.get(kind="starrating.expire_awards").result == {"expired": 1}
