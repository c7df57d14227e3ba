from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association import jobs
from association.models import CalendarDay, JobState
from desk.act_words import ACT_WORDS
from desk.help_text import SECTION_OF, content
from desk.models import AssociationProfile
from tests.factories.accounts import AreaFactory, UserFactory, make_user
from tests.factories.association import (
    AuditEventFactory,
    CalendarDayFactory,
    DeliveryFactory,
    HeartbeatFactory,
    JobFactory,
    StoredFileFactory,
)
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    client.force_login(make_user(Role.SECRETARIAT))
    return client


def text_of(response) -> str:
    return response.content.decode()


# ------------------------------------------------------------------ inbox


def test_a_message_is_read_by_opening_it_and_leads_on(client):
    delivery = DeliveryFactory(message__link="/ratings/1/")
    client.force_login(delivery.recipient)
    assert "1 条未读" in text_of(client.get(reverse("desk:inbox")))

    page = client.get(reverse("desk:message", args=[delivery.pk]))

    assert 'href="/ratings/1/"' in text_of(page)
    delivery.refresh_from_db()
    assert delivery.read_at is not None


def test_the_message_of_another_person_does_not_exist(client):
    client.force_login(UserFactory())

    assert client.get(reverse("desk:message", args=[DeliveryFactory().pk])).status_code == 404


def test_a_message_on_its_way_is_not_shown(client):
    delivery = DeliveryFactory(delivered_at=None)
    client.force_login(delivery.recipient)

    assert "还没有消息" in text_of(client.get(reverse("desk:inbox")))
    assert client.get(reverse("desk:message", args=[delivery.pk])).status_code == 404


def test_mark_all_as_read(client):
    delivery = DeliveryFactory()
    client.force_login(delivery.recipient)

    page = client.post(reverse("desk:read_all"), follow=True)

    assert "条未读" not in text_of(page)


def test_a_shop_reads_its_messages_on_the_phone(client):
    client.force_login(owner_of(PharmacyFactory()))

    assert 'class="mnav"' in text_of(client.get(reverse("desk:inbox")))


@pytest.mark.parametrize("count", [1, 3])
def test_inbox_asks_the_same_number_of_queries(client, count, django_assert_num_queries):
    user = UserFactory()
    DeliveryFactory.create_batch(count, recipient=user)
    client.force_login(user)

    with django_assert_num_queries(9):
        page = client.get(reverse("desk:inbox"))

    assert text_of(page).count("<time ") == count


# ------------------------------------------------------------------ jobs


def test_a_running_job_shows_how_far_it_is_and_asks_again(desk):
    HeartbeatFactory()
    job = JobFactory(
        state=JobState.RUNNING, done_count=62, total_count=96, current_item="示例大药房"
    )

    page = desk.get(reverse("desk:job", args=[job.pk]))
    part = desk.get(reverse("desk:job", args=[job.pk]), headers={"HX-Request": "true"})

    assert "62 / 96" in text_of(page)
    assert f'data-poll="/desk/jobs/{job.pk}/"' in text_of(page)
    assert "<html" not in text_of(part)
    assert "正在处理：示例大药房" in text_of(part)


def test_a_finished_job_gives_its_problems_and_its_result_again(desk):
    job = JobFactory(
        state=JobState.DONE,
        problems=[{"item": "第 12 行", "reason": "没有找到药店"}],
        result_file=StoredFileFactory(content=b"result"),
    )

    page = text_of(desk.get(reverse("desk:job", args=[job.pk])))
    result = desk.get(reverse("desk:job_result", args=[job.pk]))

    assert "第 12 行" in page
    assert "data-poll" not in page
    assert b"".join(result.streaming_content) == b"result"


def test_a_job_is_cancelled_and_done_again(desk):
    job = JobFactory()

    desk.post(reverse("desk:cancel_job", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    desk.post(reverse("desk:retry_job", args=[job.pk]))
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)


def test_a_finished_job_is_not_done_again(desk):
    job = JobFactory(state=JobState.DONE)

    page = desk.post(reverse("desk:retry_job", args=[job.pk]), follow=True)

    assert "不用再做一次" in text_of(page)
    with pytest.raises(jobs.JobNotOpenError):
        jobs.retry(job, by=UserFactory(), now=timezone.now())


def test_the_jobs_page_says_when_no_worker_runs(desk):
    assert "后台服务没有在运行" in text_of(desk.get(reverse("desk:jobs")))
    HeartbeatFactory()
    assert "后台服务没有在运行" not in text_of(desk.get(reverse("desk:jobs")))


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_asks_the_same_number_of_queries(desk, count, django_assert_num_queries):
    JobFactory.create_batch(count, label="导入名册")

    with django_assert_num_queries(10):
        page = desk.get(reverse("desk:jobs"))

    assert text_of(page).count("导入名册</a>") == count


# ------------------------------------------------------------------ the association


def test_first_run_set_up_from_nothing_to_done(desk):
    AssociationProfile.objects.all().delete()
    page = desk.get(reverse("desk:set_up"))
    assert "还差“协会资料”" in text_of(page)

    answer = desk.post(
        reverse("desk:association"),
        {"name": "示例区药品经营行业协会", "certificate_number_pattern": "{year}-{number:04}"},
    )
    assert answer.headers["Location"] == reverse("desk:set_up")
    desk.post(reverse("desk:add_area"), {"name": "东湖街道", "code": "A1", "order": "1"})
    assert "片区“东湖街道”已保存" in text_of(desk.get(reverse("desk:areas")))
    year = timezone.localdate().year
    desk.post(
        reverse("desk:import_working_days"),
        {"year": year, "source": "示例通知", "text": f"{year}-01-01 元旦 放假"},
    )
    desk.post(reverse("desk:set_up"))

    assert AssociationProfile.objects.get().set_up_at is not None
    assert "首次设置已完成" in text_of(desk.get(reverse("desk:set_up")))


def test_set_up_refuses_to_finish_early(desk):
    assert "还差：协会资料" in text_of(desk.post(reverse("desk:set_up"), follow=True))


def test_an_area_is_renamed_and_a_taken_name_refused(desk):
    area = AreaFactory(name="东湖街道")
    AreaFactory(name="西湖街道")
    address = reverse("desk:change_area", args=[area.pk])

    page = desk.post(address, {"name": "西湖街道", "code": area.code, "order": 1})
    assert "片区“西湖街道”已经有了" in text_of(page)
    assert (
        desk.post(address, {"name": "南湖街道", "code": area.code, "order": 1}).status_code == 302
    )


def test_without_a_mark_there_is_none(client):
    assert client.get(reverse("desk:mark")).status_code == 404


# ------------------------------------------------------------------ working days


def test_an_unknown_year_says_so(desk):
    assert "年的节假日安排" in text_of(desk.get(reverse("desk:working_days")))


def test_the_days_of_a_year_are_listed(desk):
    CalendarDayFactory(day=date(2026, 2, 14), is_working=True, name="春节")

    page = text_of(desk.get(reverse("desk:working_days"), {"year": "2026"}))

    assert "2026-02-14" in page
    assert "上班" in page


def test_a_csv_of_the_year_is_imported(desk):
    sheet = SimpleUploadedFile("2027.csv", "日期,名称,安排\n2027-01-01,元旦,放假\n".encode())

    answer = desk.post(
        reverse("desk:import_working_days"), {"year": 2027, "source": "通知", "sheet": sheet}
    )

    assert answer.headers["Location"] == "/desk/working-days/?year=2027"
    assert CalendarDay.objects.get().day == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"text": "2027-01-01 元旦"}, "要写明“放假”或“上班”"),
        ({}, "请选一份表格，或在下面粘贴日期"),
        ({"sheet": SimpleUploadedFile("x.xlsx", b"PK\x03\x04broken")}, "error"),
    ],
)
def test_a_wrong_table_is_refused_in_words(desk, data, words):
    page = desk.post(reverse("desk:import_working_days"), {"year": 2027, "source": "通知", **data})

    assert page.status_code == 200
    assert words in text_of(page)
    assert not CalendarDay.objects.exists()


# ------------------------------------------------------------------ audit


def test_the_trail_is_narrowed_by_target_act_and_person(desk):
    AuditEventFactory(act="rating.returned", target_label="示例大药房", actor_label="张某")
    AuditEventFactory(act="user.created", target_label="李华", actor_label="王某")
    address = reverse("desk:audit")

    for state in ({"target": "大药房"}, {"act": "退回自评"}, {"actor": "张"}):
        page = desk.get(address, state)
        assert [event.act for event, *_ in page.context["events"]] == ["rating.returned"]
    assert "没有符合条件的记录" in text_of(desk.get(address, {"target": "没有"}))


def test_older_pages_of_the_trail_are_reached_by_key(desk):
    AuditEventFactory.create_batch(51)

    first = desk.get(reverse("desk:audit"))
    second = desk.get(reverse("desk:audit") + first.context["next_url"])

    assert len(first.context["events"]) == 50
    assert len(second.context["events"]) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_audit_asks_the_same_number_of_queries(desk, count, django_assert_num_queries):
    AuditEventFactory.create_batch(count)

    with django_assert_num_queries(8):
        page = desk.get(reverse("desk:audit"))

    assert len(page.context["events"]) == count


def test_the_trail_is_open_to_the_regulator_and_to_no_reviewer(client):
    client.force_login(make_user(Role.REGULATOR))
    assert client.get(reverse("desk:audit")).status_code == 200
    client.force_login(make_user(Role.REVIEWER))
    assert client.get(reverse("desk:audit")).status_code == 403


def test_every_word_for_an_act_is_chinese():
    assert all(not words.isascii() for words in ACT_WORDS.values())


# ------------------------------------------------------------------ help


@pytest.mark.parametrize(
    ("role", "first"),
    [
        (None, "群众常问的"),
        (Role.SECRETARIAT, "秘书处常问的"),
        (Role.ADJUDICATOR, "评审、复核与检查常问的"),
        (Role.REGULATOR, "监管部门常问的"),
    ],
)
def test_the_help_begins_with_ones_own_work_and_keeps_the_rest(client, role, first):
    if role:
        client.force_login(make_user(role))
    page = text_of(client.get(reverse("desk:help")))
    assert first in page
    for section in content()["sections"]:
        assert f'id="{section["key"]}"' in page
        assert 8 <= len(section["questions"]) <= 10


def test_the_help_of_a_shop_opens_on_the_phone(client):
    client.force_login(owner_of(PharmacyFactory()))
    page = text_of(client.get(reverse("desk:help")))
    assert "药店常问的" in page
    assert 'class="mnav"' in page
    assert reverse("desk:help") in text_of(client.get(reverse("accounts:profile")))


def test_every_role_has_its_place_in_the_help():
    keys = {section["key"] for section in content()["sections"]}
    assert {SECTION_OF[role] for role in Role} <= keys
