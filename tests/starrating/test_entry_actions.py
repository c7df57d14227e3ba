"""What a shop does with its sheet."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from association.models import AuditEvent
from association.workflow import ForbiddenMoveError
from starrating.actions import entry
from starrating.models import Assessment
from tests.factories.accounts import UserFactory
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    EvidenceFileFactory,
    ItemNoteFactory,
    best_answers,
)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def photo(name="店.jpg"):
    picture = BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "JPEG")
    return SimpleUploadedFile(name, picture.getvalue(), content_type="image/jpeg")


@pytest.fixture
def owner():
    return UserFactory()


def filled(**fields):
    assessment = AssessmentFactory(**fields)
    answers = best_answers(assessment.cycle.scheme)
    entry.save_answers(assessment, answers=answers, by=UserFactory(), now=NOW)
    return Assessment.objects.get(pk=assessment.pk)


def test_a_saved_answer_stands_with_who_and_when(owner):
    assessment = AssessmentFactory()
    saved = entry.save_answers(assessment, answers={"S01": "1"}, by=owner, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    mine = fresh.sheet["S01"]["self"]
    assert (mine["value"], mine["by"], mine["at"]) == ("符合", owner.pk, NOW.isoformat())
    assert (fresh.sheet_version, fresh.saved_at, saved.problems) == (1, NOW, {})


def test_the_same_answer_again_changes_nothing(owner):
    assessment = AssessmentFactory()
    entry.save_answers(assessment, answers={"S01": "符合"}, by=owner, now=NOW)
    entry.save_answers(assessment, answers={"S01": "1"}, by=owner, now=NOW + timedelta(minutes=5))
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.sheet_version, fresh.saved_at) == (1, NOW)


def test_a_bad_answer_is_named_and_the_good_ones_are_kept(owner):
    assessment = AssessmentFactory()
    saved = entry.save_answers(
        assessment, answers={"S01": "符合", "S03": "许多", "R01": "0"}, by=owner, now=NOW
    )
    sheet = Assessment.objects.get(pk=assessment.pk).sheet
    assert set(sheet) == {"S01"}
    assert set(saved.problems) == {"S03", "R01"}
    assert saved.problems["R01"] == "这一条不由药店填写。"


def test_an_answer_can_be_taken_back(owner):
    assessment = AssessmentFactory()
    entry.save_answers(assessment, answers={"S01": "符合"}, by=owner, now=NOW)
    entry.save_answers(assessment, answers={"S01": ""}, by=owner, now=NOW)
    assert "self" not in Assessment.objects.get(pk=assessment.pk).sheet["S01"]


def test_a_claim_replaces_the_answer_and_needs_an_item_that_allows_it(owner):
    assessment = AssessmentFactory()
    entry.save_answers(assessment, answers={"S06": "不符合"}, by=owner, now=NOW)
    saved = entry.save_answers(
        assessment,
        answers={},
        na_reasons={"S06": "本店不拆零", "S01": "不想签"},
        by=owner,
        now=NOW,
    )
    sheet = Assessment.objects.get(pk=assessment.pk).sheet
    assert sheet["S06"]["na"]["reason"] == "本店不拆零"
    assert "self" not in sheet["S06"]
    assert set(saved.problems) == {"S01"}


def test_two_phones_do_not_overwrite_each_other():
    assessment = AssessmentFactory()
    owner, clerk = UserFactory(), UserFactory()
    nothing = {"S03": "", "S04": ""}
    entry.save_answers(assessment, answers={"S03": "0"}, seen=nothing, by=owner, now=NOW)
    late = entry.save_answers(
        assessment, answers={"S03": "2", "S04": "1"}, seen=nothing, by=clerk, now=NOW
    )
    sheet = Assessment.objects.get(pk=assessment.pk).sheet
    assert sheet["S03"]["self"]["value"] == "0"
    assert sheet["S04"]["self"]["value"] == "1"
    assert late.problems == {"S03": "另一台手机刚填了“0”。请刷新这一页，看过再改。"}


def test_two_phones_of_one_person_notice_each_other_too():
    assessment, owner = AssessmentFactory(), UserFactory()

    def save(value, was, page):
        return entry.save_answers(
            assessment, answers={"S03": value}, seen={"S03": was}, page=page, by=owner, now=NOW
        ).problems

    assert save("0", "", "phone-1") == {}
    assert save("2", "", "phone-2") != {}
    assert save("2", "0", "phone-2") == {}
    assert save("", "0", "phone-1") != {}
    assert Assessment.objects.get(pk=assessment.pk).sheet["S03"]["self"]["value"] == "2"


def test_an_answer_whose_receipt_was_lost_comes_again():
    assessment, owner = AssessmentFactory(), UserFactory()
    for value in ("1", "12"):
        saved = entry.save_answers(
            assessment, answers={"S03": value}, seen={"S03": ""}, page="p", by=owner, now=NOW
        )
        assert saved.problems == {}
    assert Assessment.objects.get(pk=assessment.pk).sheet["S03"]["self"]["value"] == "12"


@pytest.mark.parametrize(
    ("moment", "may"),
    [
        pytest.param(datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), True, id="23:59:59"),
        pytest.param(datetime(2026, 11, 30, 16, 0, 0, tzinfo=UTC), False, id="24:00"),
    ],
)
def test_the_sheet_closes_at_the_end_of_the_last_day_in_shanghai(owner, moment, may):
    assessment = AssessmentFactory()
    if may:
        entry.save_answers(assessment, answers={"S01": "1"}, by=owner, now=moment)
    else:
        with pytest.raises(entry.EntryClosedError, match="2026年11月30日 24:00 截止"):
            entry.save_answers(assessment, answers={"S01": "1"}, by=owner, now=moment)
    assert Assessment.objects.get(pk=assessment.pk).sheet_version == int(may)


def test_a_returned_sheet_stays_open_until_the_review_closes(owner):
    assessment = AssessmentFactory(state="returned", cycle=CycleFactory(state="review"))
    late = datetime(2026, 12, 20, tzinfo=UTC)
    entry.save_answers(assessment, answers={"S01": "1"}, by=owner, now=late)
    assert Assessment.objects.get(pk=assessment.pk).sheet_version == 1


@pytest.mark.parametrize("state", ["submitted", "reviewed"])
def test_a_handed_in_sheet_is_not_written(owner, state):
    assessment = filled()
    Assessment.objects.filter(pk=assessment.pk).update(
        state=state,
        confirmed_at=NOW,
        confirmed_by=owner,
        reviewed_at=NOW,
        reviewed_by=owner,
    )
    with pytest.raises(entry.EntryClosedError):
        entry.save_answers(assessment, answers={"S01": "0"}, by=owner, now=NOW)
    assert Assessment.objects.get(pk=assessment.pk).sheet == assessment.sheet


def test_a_full_sheet_is_submitted_and_confirmed_by_its_owner(owner):
    assessment = filled()
    ItemNoteFactory(assessment=assessment)
    entry.submit(assessment, by=owner, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.submitted_by, fresh.confirmed_by) == ("submitted", owner, owner)
    assert not fresh.notes.filter(answered_at=None).exists()
    assert AuditEvent.objects.get(act="rating.submitted").target_id == str(assessment.pk)


def test_a_blank_holds_the_sheet_back_and_is_named(owner):
    assessment = AssessmentFactory()
    with pytest.raises(entry.BlanksLeftError, match=r"还有 18 条没有填，请先填“1\.1 "):
        entry.submit(assessment, by=owner, now=NOW)
    assert Assessment.objects.get(pk=assessment.pk).state == "open"
    assert not AuditEvent.objects.filter(act="rating.submitted").exists()


def test_a_second_submission_is_refused(owner):
    assessment = filled()
    entry.submit(assessment, by=owner, now=NOW)
    with pytest.raises((entry.EntryClosedError, ForbiddenMoveError)):
        entry.submit(assessment, by=owner, now=NOW)
    assert AuditEvent.objects.filter(act="rating.submitted").count() == 1


def test_a_sheet_handed_in_for_the_shop_waits_for_its_word(owner):
    assessment, clerk = filled(), UserFactory()
    entry.hand_in_for_shop(assessment, signed_paper=photo(), by=clerk, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.is_on_behalf, fresh.confirmed_at) == ("submitted", True, None)
    assert fresh.signed_paper is not None
    entry.confirm(fresh, by=owner, now=NOW)
    assert Assessment.objects.get(pk=assessment.pk).confirmed_by == owner
    with pytest.raises(entry.AlreadyConfirmedError):
        entry.confirm(fresh, by=owner, now=NOW)


def test_a_photo_is_put_beside_an_item_taken_away_and_put_back(owner):
    assessment = AssessmentFactory()
    paper = entry.attach(assessment, item="S03", upload=photo(), by=owner, now=NOW)
    entry.detach(paper, by=owner, now=NOW)
    assert assessment.evidence_files.filter(removed_at=None).count() == 0
    entry.restore(paper, by=owner, now=NOW)
    assert assessment.evidence_files.get(removed_at=None).item == "S03"
    acts = list(AuditEvent.objects.order_by("pk").values_list("act", flat=True))
    assert [act for act in acts if act.startswith("rating.")] == [
        "rating.evidence_added",
        "rating.evidence_removed",
        "rating.evidence_restored",
    ]


def test_a_seventh_photo_and_one_beside_a_foreign_item_are_refused(owner):
    assessment = AssessmentFactory()
    EvidenceFileFactory.create_batch(6, assessment=assessment, item="S03")
    with pytest.raises(entry.TooManyPapersError, match="已有 6 份材料"):
        entry.attach(assessment, item="S03", upload=photo(), by=owner, now=NOW)
    with pytest.raises(entry.NotAnswerableError):
        entry.attach(assessment, item="R01", upload=photo(), by=owner, now=NOW)
    assert assessment.evidence_files.count() == 6


def test_a_photo_on_its_way_at_midnight_still_counts(owner):
    assessment = AssessmentFactory()
    just_after = datetime(2026, 11, 30, 16, 5, tzinfo=UTC)
    entry.attach(assessment, item="S03", upload=photo(), by=owner, now=just_after)
    with pytest.raises(entry.EntryClosedError):
        entry.attach(
            assessment,
            item="S03",
            upload=photo(),
            by=owner,
            now=just_after + timedelta(minutes=10),
        )
    assert assessment.evidence_files.count() == 1
