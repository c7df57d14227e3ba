import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association import sealing
from association.models import AuditEvent, Job
from pledges import documents
from pledges.actions import receipts, signing
from pledges.confirmation import PasswordAgain
from pledges.models import Pledge, Receipt, SigningDraft
from pledges.tasks import issue_receipt
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.members import owner_of, staff_of
from tests.factories.pledges import CampaignFactory, PledgeFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 12, 4, tzinfo=UTC)
BOTH = {"law", "service"}
DRAWN = "M10 100L60 40L110 150L200 90M220 60L300 160"


def invited(**given) -> tuple[Pledge, object]:
    pledge = PledgeFactory(**given)
    return pledge, owner_of(pledge.pharmacy)


def sign(pledge, owner, **given):
    given = {"ticked": BOTH, "drawing": DRAWN, "now": NOW, "by": owner} | given
    return signing.sign(pledge, confirmation=PasswordAgain(PASSWORD), **given)


def test_a_drawn_name_stands_for_the_typed_one():
    pledge, owner = invited()

    signed = sign(pledge, owner)

    assert (signed.signed_name, signed.drawing) == (owner.real_name, DRAWN)
    assert (signed.way, signed.confirmed_with) == ("online", "password")
    assert AuditEvent.objects.get(pk=signed.audit_event).act == "pledge.signed"
    assert Job.objects.get().kind == "pledges.issue_receipt"


@pytest.mark.parametrize(
    ("typed", "error", "sentence"),
    [
        ({"password": ""}, signing.NotConfirmedError, "请再输入一次登录密码"),
        ({"password": "别人的密码 123456"}, signing.NotConfirmedError, "登录密码不对"),
        ({"drawing": "M1 1L2 2"}, signing.DrawingRefusedError, "签名太短"),
        ({"drawing": "", "name": ""}, signing.SignatureNameError, "请在框里签名"),
        ({"name": "示例旁人"}, signing.SignatureNameError, "与账号姓名一致"),
    ],
    ids=["no password", "wrong password", "a dot", "no signature", "another name"],
)
def test_who_is_not_confirmed_or_has_not_signed_is_refused(typed, error, sentence):
    pledge, owner = invited()
    password = typed.pop("password", PASSWORD)
    given = {"ticked": BOTH, "drawing": DRAWN, "now": NOW, "by": owner} | typed

    with pytest.raises(error, match=sentence):
        signing.sign(pledge, confirmation=PasswordAgain(password), **given)

    assert Pledge.objects.get().state == "invited"
    assert not AuditEvent.objects.exists()
    assert not Job.objects.exists()


def test_the_reading_time_is_counted_by_the_server():
    pledge, owner = invited(campaign=CampaignFactory(min_reading_seconds=30))

    for opened in (None, NOW - timedelta(seconds=29)):
        with pytest.raises(signing.ReadTooFastError, match="至少阅读 30 秒"):
            sign(pledge, owner, opened_at=opened)

    assert sign(pledge, owner, opened_at=NOW - timedelta(seconds=30)).state == "signed"


def test_a_draft_keeps_the_ticks_and_the_first_opening():
    pledge, owner = invited(campaign=CampaignFactory(min_reading_seconds=30))
    early = NOW - timedelta(minutes=1)
    signing.keep_draft(pledge, ticked={"law", "no-such"}, opened_at=early, by=owner, now=NOW)
    signing.keep_draft(pledge, ticked=BOTH, opened_at=NOW, by=owner, now=NOW)

    draft = SigningDraft.objects.get()

    assert (draft.ticked, draft.opened_at) == (["law", "service"], early)
    assert sign(pledge, owner, opened_at=NOW).state == "signed"
    assert not SigningDraft.objects.exists()


def test_the_page_keeps_what_was_ticked_over_a_reload(client):
    today = timezone.localdate()
    pledge, owner = invited(
        campaign=CampaignFactory(starts_on=today, sign_by=today, ends_on=today + timedelta(days=9))
    )
    client.force_login(owner)

    said = client.post(reverse("pledges:draft", args=[pledge.pk]), {"clause_law": "on"}).json()
    page = client.get(reverse("pledges:sign", args=[pledge.pk])).content.decode()

    assert set(said) == {"saved_at"}
    assert page.count(" checked") == 1
    assert client.get(reverse("pledges:sign", args=[pledge.pk])).status_code == 200


def test_a_draft_of_a_signed_pledge_is_refused_kindly(client):
    pledge = PledgeFactory(signed=True)
    client.force_login(owner_of(pledge.pharmacy))

    answer = client.post(reverse("pledges:draft", args=[pledge.pk]), {"clause_law": "on"})

    assert answer.status_code == 409
    assert "不用再签" in answer.json()["refusal"]


def draw(pledge, issue, place, now) -> bytes:
    return f"{pledge.pk}/{issue}/{place and place.seal.number}".encode()


def test_a_receipt_is_kept_with_its_digest_and_made_once():
    pledge, owner = invited()
    sign(pledge, owner)

    first = receipts.issue(pledge, draw=draw, by=None, now=NOW)

    assert (first.issue, first.seal_number, first.sha256) == (1, None, first.file.sha256)
    with pytest.raises(receipts.ReceiptIsCurrentError, match="还没有封存"):
        receipts.issue(pledge, draw=draw, by=None, now=NOW)


def test_once_sealed_a_further_receipt_names_the_seal_and_the_first_stays():
    pledge, owner = invited()
    sign(pledge, owner)
    receipts.issue(pledge, draw=draw, by=None, now=NOW)
    seal = sealing.seal_next(now=NOW)

    second = receipts.issue(pledge, draw=draw, by=owner, now=NOW)

    assert (second.issue, second.seal_number) == (2, seal.number)
    assert Receipt.objects.count() == 2
    with pytest.raises(receipts.ReceiptIsCurrentError, match="已经写明封存位置"):
        receipts.issue(pledge, draw=draw, by=owner, now=NOW)


def test_without_a_signature_there_is_no_receipt():
    with pytest.raises(receipts.NothingToReceiptError):
        receipts.issue(PledgeFactory(), draw=draw, by=None, now=NOW)


def test_the_worker_makes_the_paper_and_a_repeat_adds_nothing():
    pledge, owner = invited()
    sign(pledge, owner)

    assert issue_receipt(None, pledge=pledge.pk) == {"issued": 1}
    assert issue_receipt(None, pledge=pledge.pk) == {"issued": 0}

    stored = Receipt.objects.get().file
    assert stored.size > 5000
    assert stored.original_name.endswith(".pdf")


def test_moments_on_papers_carry_their_zone():
    assert documents.moment(NOW) == "2026-01-12 12:00:00 +08:00"


@pytest.fixture
def receipted(client):
    pledge, owner = invited()
    sign(pledge, owner)
    first = receipts.issue(pledge, draw=draw, by=None, now=NOW)
    return pledge, owner, first


def check(client, pledge, content: bytes) -> str:
    pledge.refresh_from_db()
    sent = {"receipt": SimpleUploadedFile("x.pdf", content)}
    return client.post(
        reverse("pledges:verify", args=[pledge.receipt_token]), sent
    ).content.decode()


def test_anybody_sees_the_state_and_no_name(client, receipted):
    pledge, owner, _ = receipted
    pledge.refresh_from_db()

    page = client.get(reverse("pledges:verify", args=[pledge.receipt_token])).content.decode()

    assert pledge.text_sha256 in page
    assert "尚未封存" in page
    assert owner.real_name not in page


def test_a_pdf_is_told_apart_from_a_changed_an_older_and_another_one(client, receipted):
    pledge, owner, first = receipted
    content = first.file.pk and draw(pledge, 1, None, NOW)

    assert "与协会签发的一致" in check(client, pledge, content)
    assert "不是协会签发的" in check(client, pledge, content + b" ")
    assert (
        "请选择要核对的 PDF"
        in client.post(reverse("pledges:verify", args=[pledge.receipt_token])).content.decode()
    )
    sealing.seal_next(now=NOW)
    receipts.issue(pledge, draw=draw, by=owner, now=NOW)
    assert "之后又签发过新的一份" in check(client, pledge, content)
    other, other_owner = invited()
    sign(other, other_owner)
    receipts.issue(other, draw=draw, by=None, now=NOW)
    assert "另一份承诺书的回执" in check(client, other, content)


def test_the_seal_is_shown_once_there_is_one(client, receipted):
    pledge, _, _ = receipted
    seal = sealing.seal_next(now=NOW)
    pledge.refresh_from_db()

    page = client.get(reverse("pledges:verify", args=[pledge.receipt_token])).content.decode()

    assert f"第 {seal.number} 号封存" in page


def test_the_receipt_is_for_who_sees_the_pledge(client, receipted):
    pledge, owner, _ = receipted
    address = reverse("pledges:receipt", args=[pledge.pk])

    for person, status in (
        (owner, 200),
        (staff_of(pledge.pharmacy), 200),
        (make_user(Role.SECRETARIAT), 200),
        (owner_of(PledgeFactory().pharmacy), 404),
    ):
        client.force_login(person)
        assert client.get(address).status_code == status
    client.force_login(owner)
    assert io.BytesIO(b"".join(client.get(address).streaming_content)).read() == draw(
        pledge, 1, None, NOW
    )
