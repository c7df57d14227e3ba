import pytest
from django.conf import settings
from django.urls import reverse

from accounts.roles import Role
from desk.release_notes import Release, read_releases
from tests.factories.accounts import make_user

WRITTEN = """# 更新记录

说明一句。

## 1.1.0（2027-01-05）

- 名册：可以导出。
- 修了几处小问题。

## 1.0.0（2026-12-01）

第一版。
"""


def test_versions_are_read_with_their_day_and_each_change_with_its_subject():
    assert read_releases(WRITTEN) == [
        Release("1.1.0", "2027-01-05", "", (("名册", "可以导出。"), ("", "修了几处小问题。"))),
        Release("1.0.0", "2026-12-01", "第一版。", ()),
    ]


def test_a_heading_without_its_day_is_no_version():
    with pytest.raises(ValueError, match=r"1\.2\.0"):
        read_releases("## 1.2.0\n- 名册：可以导出。\n")


@pytest.mark.django_db
def test_the_office_reads_the_file_in_the_portal(client):
    newest = read_releases((settings.BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    client.force_login(make_user(Role.SECRETARIAT))
    page = client.get(reverse("desk:release_notes")).content.decode()
    assert newest.version in page
    assert newest.changes[0][1] in page


@pytest.mark.django_db
def test_a_shop_is_not_troubled_with_it(client):
    client.force_login(make_user())
    assert client.get(reverse("desk:release_notes")).status_code == 403
