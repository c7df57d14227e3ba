from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from PIL import Image

from association.models import AuditEvent, CalendarDay
from desk import actions, queries
from desk.models import AssociationProfile
from desk.working_day_table import TableDay
from tests.factories.accounts import AreaFactory, UserFactory
from tests.factories.association import CalendarDayFactory, DeliveryFactory
from tests.factories.desk import AssociationProfileFactory

NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
pytestmark = pytest.mark.django_db


def values(**other) -> dict:
    blank = dict.fromkeys(actions.EDITABLE, "")
    given = {"name": "示例区药品经营行业协会", "certificate_number_pattern": "{year}-{number:04}"}
    return blank | given | other


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("act", flat=True))


# ------------------------------------------------------------------ messages


def test_reading_again_keeps_the_first_time():
    delivery = DeliveryFactory()

    actions.read(delivery, now=NOON)
    actions.read(delivery, now=NOON.replace(hour=13))

    delivery.refresh_from_db()
    assert delivery.read_at == NOON


def test_read_all_reads_ones_own_only():
    mine, other = DeliveryFactory(), DeliveryFactory()

    assert actions.read_all(mine.recipient, now=NOON) == 1
    assert queries.unread_count(mine.recipient) == 0
    assert queries.unread_count(other.recipient) == 1


# ------------------------------------------------------------------ working days


def test_import_replaces_the_year_and_says_what_changed():
    CalendarDayFactory(day=date(2027, 1, 1))
    CalendarDayFactory(day=date(2027, 5, 1))
    CalendarDayFactory(day=date(2026, 5, 1))
    days = [TableDay(date(2027, 1, 1), False, "元旦"), TableDay(date(2027, 2, 7), True, "春节")]

    count = actions.import_working_days(
        days, year=2027, source="示例通知", by=UserFactory(), now=NOON
    )

    assert count == 2
    assert CalendarDay.objects.count() == 3
    assert AuditEvent.objects.get().detail["changed"] == ["2027-02-07", "2027-05-01"]


def test_import_without_the_notice_is_refused_and_changes_nothing():
    CalendarDayFactory(day=date(2027, 1, 1))

    with pytest.raises(actions.SourceMissingError):
        actions.import_working_days([], year=2027, source=" ", by=UserFactory(), now=NOON)

    assert CalendarDay.objects.count() == 1
    assert acts() == []


@pytest.mark.parametrize(
    ("today", "missing"),
    [(date(2026, 10, 31), []), (date(2026, 11, 1), [2027]), (date(2027, 1, 1), [2027])],
)
def test_the_next_year_is_missed_from_november_on(today, missing):
    CalendarDayFactory(day=date(2026, 1, 1))

    assert queries.missing_years(today) == missing


# ------------------------------------------------------------------ profile and set-up


def test_save_profile_keeps_one_row_and_audits_what_changed(django_capture_on_commit_callbacks):
    by = UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        actions.save_profile(**values(), by=by, now=NOON)
    actions.save_profile(**values(short_name="示例药协"), by=by, now=NOON)

    assert AssociationProfile.objects.get().short_name == "示例药协"
    assert AuditEvent.objects.order_by("pk").last().detail["changed"] == ["short_name"]
    assert queries.remembered_profile().name == "示例区药品经营行业协会"


def test_the_mark_is_stored_re_encoded():
    out = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "PNG")
    upload = SimpleUploadedFile("mark.png", out.getvalue())

    profile = actions.save_profile(**values(), mark=upload, by=UserFactory(), now=NOON)

    assert profile.mark.content_type == "image/png"


@pytest.mark.parametrize(
    "pattern", ["2026", "{year}", "{number", "{other}-{number}", "{number.x}", "{0}"]
)
def test_a_pattern_without_usable_numbers_is_refused(pattern):
    with pytest.raises(actions.WrongPatternError):
        actions.save_profile(
            **values(certificate_number_pattern=pattern), by=UserFactory(), now=NOON
        )

    assert not AssociationProfile.objects.exists()


def test_set_up_is_finished_only_with_every_step_done():
    by = UserFactory()
    with pytest.raises(actions.SetUpOpenError, match="协会资料、片区、工作日"):
        actions.finish_set_up(by=by, now=NOON)

    AssociationProfileFactory()
    AreaFactory()
    CalendarDayFactory(day=date(2026, 1, 1))
    assert queries.set_up_is_open()
    actions.finish_set_up(by=by, now=NOON)

    assert not queries.set_up_is_open()
    assert acts() == ["association.set_up"]


def test_there_is_one_association():
    AssociationProfileFactory()

    with pytest.raises(IntegrityError, match="only_one"):
        AssociationProfileFactory(pk=2)


def test_set_up_has_both_person_and_time():
    with pytest.raises(IntegrityError, match="set_up_pair"):
        AssociationProfileFactory(set_up_at=NOON)
