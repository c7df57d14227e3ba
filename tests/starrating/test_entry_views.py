"""The owner's pages and the reviewer's workspace through the door."""

from datetime import datetime, time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from starrating.models import Assessment
from tests.factories.accounts import UserFactory, make_user
from tests.factories.association import StoredFileFactory
from tests.factories.members import PositionFactory, owner_of
from tests.factories.pledges import CampaignFactory, PledgeFactory
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    ItemNoteFactory,
    ReviewAssignmentFactory,
    best_answers,
)
from tests.starrating.test_entry_actions import photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessment():
    return AssessmentFactory(
        cycle=CycleFactory(entry_closes_on="2099-11-30", review_closes_on="2099-12-31")
    )


@pytest.fixture
def owner(client, assessment):
    user = owner_of(assessment.pharmacy)
    client.force_login(user)
    return user


def fields(assessment, part):
    """What the browser would send for a part with best answers."""
    answers = best_answers(assessment.cycle.scheme)
    data = {}
    section = next(s for s in assessment.cycle.scheme.rules.sections if s.code == part)
    for code in section.items:
        actual, _, due = answers[code].partition("/")
        data |= {f"{code}-actual": actual, f"{code}-due": due} if due else {code: answers[code]}
    return data


def test_the_owner_walks_all_parts_without_script_and_hands_in(client, owner, assessment):
    assert client.get(reverse("starrating:mine")).url == f"/ratings/{assessment.pk}/fill/"
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    while "/fill/" in address:
        part = address.rstrip("/").rsplit("/", 1)[1]
        assert client.get(address).status_code == 200
        address = client.post(address, fields(assessment, part)).url
    assert address == reverse("starrating:check", args=[assessment.pk])
    refused = client.post(address)
    assert refused.status_code == 422
    assert "请先勾选“我确认以上内容属实”" in refused.content.decode()
    client.post(address, {"is_truthful": "1"})
    assert Assessment.objects.get(pk=assessment.pk).state == "submitted"
    assert (
        "自评已交给协会"
        in client.get(reverse("starrating:fill", args=[assessment.pk])).content.decode()
    )


def test_a_bad_answer_comes_back_with_what_was_typed(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    answer = client.post(address, {"S01": "符合", "S03": "许多"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "有 1 处要改，其余已保存" in page
    assert 'value="许多"' in page
    assert Assessment.objects.get(pk=assessment.pk).sheet["S01"]["self"]["value"] == "符合"


def test_autosave_answers_with_the_time_and_the_problems(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    answer = client.post(address, {"S01": "符合", "S03": "x"}, headers={"X-Autosave": "1"})
    body = answer.json()
    assert (answer.status_code, set(body["problems"])) == (200, {"S03"})
    assert len(body["saved_at"]) == 5


def test_a_photo_goes_up_and_is_seen_by_those_who_may(client, owner, assessment):
    client.post(
        reverse("starrating:attach", args=[assessment.pk]), {"item": "S03", "upload": photo()}
    )
    paper = assessment.evidence_files.get()
    address = reverse("starrating:evidence", args=[paper.pk])
    assert client.get(address)["Content-Type"] == "image/jpeg"
    client.force_login(owner_of(AssessmentFactory().pharmacy))
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_a_box_that_nobody_touched_never_puts_back_what_another_phone_changed(
    client, owner, assessment
):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    client.post(address, {"S03": "2", "S03-was": "", "page": "phone-1"})
    late = {"S01": "符合", "S01-was": "", "S03": "", "S03-was": "", "page": "phone-2"}

    assert client.post(address, late).status_code == 302

    sheet = Assessment.objects.get(pk=assessment.pk).sheet
    assert (sheet["S01"]["self"]["value"], sheet["S03"]["self"]["value"]) == ("符合", "2")
    touched = client.post(address, late | {"S03": "0"})
    assert touched.status_code == 422
    assert "另一台手机刚填了“2”" in touched.content.decode()


def test_a_claim_is_not_taken_back_by_an_old_page(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s6"])
    claimed = {"S18-asked": "1", "S18-na": "1", "S18-reason": "没有党员"}
    client.post(address, claimed | {"S18-na-was": "", "S18-reason-was": ""})

    client.post(
        address, {"S18-asked": "1", "S18-na-was": "", "S18-reason": "", "S18-reason-was": ""}
    )

    sheet = Assessment.objects.get(pk=assessment.pk).sheet
    assert sheet["S18"]["na"]["reason"] == "没有党员"
    client.post(address, {"S18-asked": "1", "S18-na-was": "1", "S18-reason-was": "没有党员"})
    assert "na" not in Assessment.objects.get(pk=assessment.pk).sheet["S18"]


def test_a_ratio_is_seen_by_both_its_boxes(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    boxes = {"S02-actual": "3", "S02-due": "4", "S02-actual-was": "", "S02-due-was": ""}
    client.post(address, boxes | {"page": "phone-1"})

    again = client.post(address, boxes | {"S02-actual": "4", "page": "phone-2"})

    assert again.status_code == 422
    assert "另一台手机刚填了“3/4”" in again.content.decode()


def test_without_script_a_photo_comes_with_the_answers_and_nothing_typed_is_lost(
    client, owner, assessment
):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    answer = client.post(address, {"S01": "符合", "attach": "S03", "photo-S03": photo()})

    assert answer.url == f"{address}#q-S03"
    paper = assessment.evidence_files.get()
    sheet = Assessment.objects.get(pk=assessment.pk).sheet
    assert (paper.item, sheet["S01"]["self"]["value"]) == ("S03", "符合")
    tile = client.get(f"{reverse('starrating:evidence', args=[paper.pk])}?small=1")
    assert tile["Content-Type"] == "image/jpeg"
    assert "max-age" in tile["Cache-Control"]
    empty = client.post(address, {"S01": "不符合", "attach": "S03"})
    assert "请先选一张照片" in empty.content.decode()
    assert Assessment.objects.get(pk=assessment.pk).sheet["S01"]["self"]["value"] == "不符合"
    gone = client.post(address, {"S01": "符合", "detach": str(paper.pk)}, follow=True)
    assert "已移除 1 份材料" in gone.content.decode()
    assert Assessment.objects.get(pk=assessment.pk).sheet["S01"]["self"]["value"] == "符合"
    paper.refresh_from_db()
    assert paper.removed_at is not None


def test_a_photo_that_is_refused_is_said_beside_its_item(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    heic = SimpleUploadedFile("x.heic", b"\x00\x00\x00\x18ftypheic" + b"\x00" * 200)

    answer = client.post(address, {"S01": "符合", "photo-S03": heic})

    assert answer.status_code == 422
    row = next(row for row in answer.context["rows"] if row.line.item.code == "S03")
    assert "HEIC" in row.problem
    assert "兼容性最佳" in row.problem


def test_pressing_submit_twice_ends_on_the_same_page(client, owner, assessment):
    Assessment.objects.filter(pk=assessment.pk).update(
        sheet={c: {"self": {"value": v}} for c, v in best_answers(assessment.cycle.scheme).items()}
    )
    address = reverse("starrating:check", args=[assessment.pk])

    first, second = (client.post(address, {"is_truthful": "1"}) for _ in range(2))

    assert first.url == second.url == reverse("starrating:fill", args=[assessment.pk])
    page = client.get(reverse("starrating:fill_part", args=[assessment.pk, "s1"])).content.decode()
    assert "现在只能看，不能改" in page
    assert "data-autosave" not in page
    assert "提交自评" not in client.get(address).content.decode()


def test_a_returned_sheet_says_what_is_supplied_and_then_leads_to_the_check(
    client, owner, assessment
):
    Assessment.objects.filter(pk=assessment.pk).update(
        state="returned",
        sheet={c: {"self": {"value": v}} for c, v in best_answers(assessment.cycle.scheme).items()},
    )
    ItemNoteFactory(assessment=assessment, item="S03", text="请补目录照片")
    hub = reverse("starrating:fill", args=[assessment.pk])
    before = client.get(hub).content.decode()
    assert "还差 1 处要补" in before
    assert "去补 1.3" in before

    part = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    client.post(part, {"photo-S03": photo()})

    after = client.get(hub).content.decode()
    assert "都补好了，核对后再交一次" in after
    assert "核对并提交" in after
    check = client.get(reverse("starrating:check", args=[assessment.pk])).content.decode()
    assert "已补：请补目录照片" in check


def test_a_sheet_handed_in_for_the_shop_is_confirmed_by_who_may_only(client, assessment):
    Assessment.objects.filter(pk=assessment.pk).update(
        state="submitted",
        is_on_behalf=True,
        submitted_at=timezone.now(),
        submitted_by=make_user(Role.SECRETARIAT),
    )
    address = reverse("starrating:fill", args=[assessment.pk])
    for role, may in ((Role.OWNER, True), (Role.STAFF, False)):
        user = UserFactory()
        PositionFactory(user=user, pharmacy=assessment.pharmacy, role=role)
        client.force_login(user)
        page = client.get(address).content.decode()
        assert ("内容属实，我确认" in page) is may
        assert ("等药店负责人在手机上确认" in page) is not may


def test_another_shops_sheet_does_not_exist(client, assessment):
    client.force_login(owner_of(AssessmentFactory().pharmacy))
    for name in ("fill", "check"):
        assert client.get(reverse(f"starrating:{name}", args=[assessment.pk])).status_code == 404


def test_the_secretariat_types_a_paper_sheet_with_the_signed_original(client, assessment):
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse("starrating:on_behalf", args=[assessment.pk])
    data = {}
    for section in assessment.cycle.scheme.rules.sections:
        data |= fields(assessment, section.code)
    refused = client.post(address, data | {"then": "submit"})
    assert "请上传药店签字的自评表" in refused.content.decode()
    client.post(address, data | {"then": "submit", "signed_paper": photo()})
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.is_on_behalf, fresh.confirmed_at) == ("submitted", True, None)
    owner = owner_of(assessment.pharmacy)
    client.force_login(owner)
    client.post(reverse("starrating:confirm", args=[assessment.pk]))
    assert Assessment.objects.get(pk=assessment.pk).confirmed_by == owner


@pytest.fixture
def case(assessment):
    Assessment.objects.filter(pk=assessment.pk).update(
        state="submitted",
        submitted_at="2026-11-01T00:00Z",
        submitted_by=(user := owner_of(assessment.pharmacy)),
        confirmed_at="2026-11-01T00:00Z",
        confirmed_by=user,
        sheet={
            code: {"self": {"value": value}}
            for code, value in best_answers(assessment.cycle.scheme).items()
        },
    )
    return assessment


def test_the_reviewer_opens_a_case_passes_it_and_comes_to_the_next(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:review", args=[case.cycle_id])
    page = client.get(address, {"case": case.pk}).content.decode()
    assert "通过，看下一家" in page
    answer = client.post(reverse("starrating:decide", args=[case.pk]), {"decision": "pass"})
    assert answer.url == f"{address}?view=todo"
    assert Assessment.objects.get(pk=case.pk).state == "reviewed"


def test_a_refused_decision_keeps_what_was_typed(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    data = {"decision": "pass", "v-S03": "许多", "n-S04": "补一张照片", "opinion": "其余可以"}

    answer = client.post(reverse("starrating:decide", args=[case.pk]), data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“许多”不是不符合的处数" in page
    for typed in ('value="许多"', 'value="补一张照片"', 'value="其余可以"'):
        assert typed in page


def test_a_sheet_handed_in_anew_is_looked_at_anew(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    page = client.get(reverse("starrating:review", args=[case.cycle_id]), {"case": case.pk})
    Assessment.objects.filter(pk=case.pk).update(submitted_at="2026-11-02T00:00Z")
    decide = reverse("starrating:decide", args=[case.pk])

    late = client.post(decide, {"decision": "pass", "seen": page.context["stamp"]})

    assert "重新交过自评" in late.content.decode()
    assert Assessment.objects.get(pk=case.pk).state == "submitted"
    client.post(decide, {"decision": "pass", "seen": late.context["stamp"]})
    assert Assessment.objects.get(pk=case.pk).state == "reviewed"


def test_the_next_case_comes_from_the_list_one_was_in(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    area = case.pharmacy.area_id

    answer = client.post(
        reverse("starrating:decide", args=[case.pk]),
        {"decision": "pass", "kept": f"view=todo&area={area}"},
    )

    assert answer.url.endswith(f"?view=todo&area={area}")


@pytest.mark.parametrize("door", ["starrating:review", "starrating:mark_blanks"])
def test_words_find_a_shop_as_on_the_register_and_signs_alone_break_nothing(client, door):
    cycle = CycleFactory()
    near = AssessmentFactory(cycle=cycle, pharmacy__name="示例百草店")
    AssessmentFactory(cycle=cycle, pharmacy__name="示例安康店")
    client.force_login(make_user(Role.SECRETARIAT))

    def found(words):
        asked = {"view": "all", "kind": "department", "q": words}
        rows = client.get(reverse(door, args=[cycle.pk]), asked).context["rows"]
        return len(rows)

    assert near.pharmacy.name == "示例百草店"
    assert [found(words) for words in ("百草", "slbc", "示例", "没有")] == [1, 1, 2, 0]
    assert [found(signs) for signs in ("'", "（", "%", "{}")] == [0, 0, 0, 0]


def test_a_case_knows_its_place_and_its_neighbours(client):
    cycle, reviewer = CycleFactory(), make_user(Role.REVIEWER)
    cases = [AssessmentFactory(cycle=cycle) for _ in range(3)]
    for one in cases:
        ReviewAssignmentFactory(assessment=one, reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:review", args=[cycle.pk])
    listed = [row.case.pk for row in client.get(address, {"view": "all"}).context["rows"]]

    around = client.get(address, {"view": "all", "case": listed[1]}).context["around"]

    assert (around.place, around.count) == (2, 3)
    assert (around.before, around.after) == (listed[0], listed[2])
    outside = client.get(address, {"view": "done", "case": listed[1]}).context["around"]
    assert outside.place == 0


def test_the_sums_stand_side_by_side_and_a_blank_is_no_zero(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:review", args=[case.cycle_id])

    (row,) = client.get(address).context["rows"]

    assert (row.said, row.found, row.steps_done) == (row.full, None, 2)
    client.post(reverse("starrating:decide", args=[case.pk]), {"decision": "pass", "v-S03": "1"})
    (row,) = client.get(address, {"view": "done"}).context["rows"]
    assert row.found < row.said
    assert row.steps_done == 3


def test_the_signed_sheet_is_seen_by_the_reviewer_and_nobody_outside(client, case):
    Assessment.objects.filter(pk=case.pk).update(
        signed_paper=StoredFileFactory(), is_on_behalf=True
    )
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:signed_paper", args=[case.pk])
    page = client.get(reverse("starrating:review", args=[case.cycle_id]), {"case": case.pk})

    assert address in page.content.decode()
    assert client.get(address).status_code == 200
    client.force_login(owner_of(AssessmentFactory().pharmacy))
    assert client.get(address).status_code == 404


def test_a_return_without_words_keeps_the_case_open_with_a_sentence(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    answer = client.post(reverse("starrating:decide", args=[case.pk]), {"decision": "return"})
    assert answer.status_code == 422
    assert "退回要写明补什么" in answer.content.decode()
    assert Assessment.objects.get(pk=case.pk).state == "submitted"


def test_a_reviewer_sees_only_what_was_assigned(client, case):
    client.force_login(make_user(Role.REVIEWER))
    page = client.get(reverse("starrating:review", args=[case.cycle_id])).content.decode()
    assert case.pharmacy.name not in page
    assert client.post(reverse("starrating:decide", args=[case.pk])).status_code == 404


@pytest.mark.parametrize("shops", [1, 3])
def test_the_work_list_costs_the_same_queries_for_one_and_three(
    client, shops, django_assert_num_queries
):
    cycle = CycleFactory()
    reviewer = make_user(Role.REVIEWER)
    for _ in range(shops):
        ReviewAssignmentFactory(assessment=AssessmentFactory(cycle=cycle), reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:review", args=[cycle.pk])
    client.get(address)
    with django_assert_num_queries(12):
        client.get(address, {"view": "all"})


def test_a_signed_pledge_is_known_and_suggests_the_answer(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    before = client.get(address).content.decode()
    cycle = assessment.cycle
    campaign = CampaignFactory(
        year=cycle.ends_on.year,
        starts_on=cycle.starts_on,
        sign_by=cycle.starts_on,
        ends_on=cycle.ends_on,
    )
    signed_at = timezone.make_aware(datetime.combine(cycle.starts_on, time(12)))
    PledgeFactory(campaign=campaign, pharmacy=assessment.pharmacy, signed=True, signed_at=signed_at)

    after = client.get(address)

    row = next(row for row in after.context["rows"] if row.line.item.code == "S01")
    assert (row.answer, row.line.answer) == ("符合", "")
    assert row.known == "2026 年度承诺书已在 2026年1月1日签署"
    assert row.known in after.content.decode()
    assert row.known not in before
