from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command

from association import defaults
from association.models import CalendarDay

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_loading_twice_enters_everything_once():
    first = dict(defaults.load_all(now=NOON))
    second = dict(defaults.load_all(now=NOON))

    assert all(first.values())
    assert not any(second.values())


def test_the_working_days_are_those_of_the_notices():
    defaults.load_all(now=NOON)
    calendar = CalendarDay.objects.calendar()

    assert calendar.known_years == {2024, 2025, 2026}
    # Published 2026-09-28, five working days: 10-10 is a make-up Saturday.
    assert calendar.add(date(2026, 9, 28), 5) == date(2026, 10, 10)
    assert calendar.count(date(2025, 12, 31), date(2026, 12, 31)) == 248


def test_the_command_says_what_is_new():
    said = StringIO()
    call_command("load_defaults", stdout=said)
    call_command("load_defaults", stdout=said)

    assert "自律承诺书：新增 1 项" in said.getvalue()
    assert "自律承诺书：已经在了" in said.getvalue()
