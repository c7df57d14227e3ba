"""The keyring file and the log of looks; sealed columns in use: test_member_actions.py."""

import stat
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from association import encryption, read_log
from association.models import AppendOnlyError, ReadEvent
from tests.factories.accounts import AreaFactory, UserFactory
from tests.factories.association import ReadEventFactory

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def path(settings, tmp_path):
    settings.KEYRING = tmp_path / "keys" / "keyring"
    return settings.KEYRING


def test_a_portal_on_trial_makes_its_own_file_for_its_owner_alone(path):
    first = encryption.ring()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert encryption.ring() is first
    assert [file.name for file in path.parent.iterdir()] == ["keyring"]


def test_a_real_portal_wants_the_file_to_be_made(path, settings):
    settings.PORTAL_MODE = "server"

    with pytest.raises(ImproperlyConfigured, match="keyring --make"):
        encryption.ring()

    assert not path.exists()


def test_a_broken_file_stops_with_its_line(path):
    path.parent.mkdir()
    path.write_text("seal a ???\n", encoding="ascii")

    with pytest.raises(ImproperlyConfigured, match="Line 1"):
        encryption.ring()


def test_a_file_is_never_made_over_another(path):
    assert encryption.make(path, "first") is True
    before = path.read_text(encoding="ascii")

    assert encryption.make(path, "second") is False
    assert path.read_text(encoding="ascii") == before


@pytest.mark.django_db
def test_the_command_makes_adds_and_reseals(path):
    def run(*words) -> str:
        out = StringIO()
        call_command("keyring", *words, stdout=out)
        return out.getvalue()

    with pytest.raises(CommandError, match="还没有"):
        run("--add")
    assert "已写入" in run("--make")
    assert "没有改动" in run("--make")
    old = encryption.ring().current
    path.write_text(
        path.read_text(encoding="ascii").replace(f"seal {old}", "seal older"), encoding="ascii"
    )
    assert "已启用" in run("--add")
    assert encryption.ring().current != "older"
    assert list(encryption.ring().seal_keys)[1] == "older"
    assert "重封 0 个值" in run("--reseal")


# ------------------------------------------------------------------ the log of looks


@pytest.mark.django_db
def test_a_look_says_who_what_when_and_why():
    area, reader = AreaFactory(), UserFactory()

    read_log.record(by=reader, target=area, what="身份证号", reason="  核对 ", now=NOON)

    look = read_log.about(area).get()
    assert (look.reader_id, look.what, look.reason, look.happened_at) == (
        str(reader.pk),
        "身份证号",
        "核对",
        NOON,
    )
    with pytest.raises(read_log.ReasonMissingError):
        read_log.record(by=reader, target=area, what="身份证号", reason=" ", now=NOON)


@pytest.mark.django_db
def test_looks_are_counted_within_a_time():
    reader = UserFactory()
    for minutes in (0, 59, 60, 61):
        ReadEventFactory(reader_id=str(reader.pk), happened_at=NOON - timedelta(minutes=minutes))
    ReadEventFactory(happened_at=NOON)

    assert read_log.count_by(reader, now=NOON, within=timedelta(hours=1)) == 2


@pytest.mark.django_db
def test_a_look_is_not_changed_through_the_model_either():
    look = ReadEventFactory()

    for change in (look.save, look.delete, ReadEvent.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            change()
