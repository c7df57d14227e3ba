"""The mechanism behind the demo: chapters told once, in order, each whole or not at all."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from association import sample
from association.models import AuditEvent, CalendarDay

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.fixture
def empty_book(monkeypatch):
    """No chapter, no login: only what the test writes."""
    monkeypatch.setattr(sample, "CHAPTERS", {})
    monkeypatch.setattr(sample, "LOGINS", {})
    monkeypatch.setattr(sample, "SOURCES", {})
    monkeypatch.setattr(sample, "discover", lambda: None)


def write(order, title, tell):
    tell.__name__ = title
    sample.chapter(order, title)(tell)


@pytest.mark.django_db
def test_chapters_are_told_in_their_order_and_only_once(empty_book):
    heard = []
    write(20, "second", lambda story: heard.append("second"))
    write(10, "first", lambda story: heard.append("first"))

    sample.tell(sample.Story(now=NOW))
    again = sample.tell(sample.Story(now=NOW))

    assert heard == ["first", "second"]
    assert again == []


@pytest.mark.django_db
def test_a_chapter_that_breaks_leaves_nothing_and_is_told_again(empty_book):
    def breaks(story):
        CalendarDay.objects.create(day="2026-01-01", is_working=False, name="元旦")
        raise RuntimeError("broken off")

    write(10, "whole", lambda story: None)
    write(20, "broken", breaks)

    with pytest.raises(RuntimeError):
        sample.tell(sample.Story(now=NOW))

    assert not CalendarDay.objects.exists()
    assert AuditEvent.objects.get(act=sample.TOLD).target_label == "whole"


def test_the_dice_of_a_chapter_do_not_depend_on_other_chapters():
    story = sample.Story(now=NOW)

    first, again = story.rng("register").random(), story.rng("register").random()

    assert first == again != story.rng("pledges").random()


def test_no_moment_of_the_story_lies_after_its_end():
    story = sample.Story(now=NOW)

    assert story.days_ago(0, hour=23) == NOW
    assert story.days_ago(1, hour=9).isoformat() == "2026-11-19T09:00:00+08:00"


@pytest.mark.django_db
def test_demo_logins_lists_the_accounts_that_exist(empty_book, capsys):
    sample.login("secretary", role="secretariat", label="秘书处", login="mishu", password="x")
    sample.login("owner", role="owner", label="药店", login="dianzhu", password="y", home="/my/")
    get_user_model().objects.create_user("dianzhu")

    call_command("demo_logins")

    assert json.loads(capsys.readouterr().out) == [
        {"role": "owner", "label": "药店", "login": "dianzhu", "password": "y", "home": "/my/"}
    ]


@pytest.mark.parametrize("command", ["seed_demo", "demo_logins"])
def test_a_real_installation_refuses_the_demo(command, settings):
    settings.PORTAL_MODE = "server"

    with pytest.raises(CommandError, match="PORTAL_MODE=server"):
        call_command(command)
