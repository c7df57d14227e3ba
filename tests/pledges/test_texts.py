"""Versions of the wording: drawn up from one another, edited until the first signature."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association.models import AuditEvent
from pledges.actions import texts
from pledges.actions.texts import ClauseDraft
from pledges.models import PledgeText
from tests.factories.accounts import UserFactory, make_user
from tests.factories.pledges import CampaignFactory, PledgeTextFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TWO = (ClauseDraft("守法", "持证经营。", "law", ("item/R01",)), ClauseDraft("新条", "新内容。"))


def saved(text, by, clauses=TWO, **more):
    given = {"preamble": "自愿承诺。", "term_months": 12, "adopted_note": "", **more}
    return texts.revise(text, clauses=clauses, by=by, now=NOW, **given)


def frozen():
    text = PledgeTextFactory()
    PledgeText.objects.filter(pk=text.pk).update(frozen_at=NOW)
    return text


def test_draw_up_copies_the_clauses_with_their_keys():
    source, by = PledgeTextFactory(version="1.0"), UserFactory()

    drawn = texts.draw_up(source, version=" 1.1 ", by=by, now=NOW)

    assert (drawn.version, drawn.frozen_at) == ("1.1", None)
    assert list(drawn.clauses.order_by("seq").values_list("key", flat=True)) == ["law", "service"]
    assert AuditEvent.objects.get(act="pledge.text_drawn_up").detail == {"source": str(source)}


@pytest.mark.parametrize(
    ("version", "sentence"),
    [("", "请填写新版本号"), ("1.0", "已经有 1.0 版")],
    ids=["no version", "a version that is there"],
)
def test_draw_up_refuses_and_changes_nothing(version, sentence):
    source = PledgeTextFactory(version="1.0")

    with pytest.raises(texts.TextRefusedError, match=sentence):
        texts.draw_up(source, version=version, by=UserFactory(), now=NOW)

    assert PledgeText.objects.count() == 1


def test_save_numbers_the_clauses_in_their_order_and_names_new_ones():
    text = PledgeTextFactory()

    saved(text, UserFactory())

    rows = list(text.clauses.order_by("seq").values_list("seq", "key", "title"))
    assert rows[0] == (1, "law", "守法")
    assert rows[1][::2] == (2, "新条")
    assert rows[1][1] not in {"", "law", "service"}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"preamble": " "}, "请写引言"),
        ({"clauses": ()}, "至少要有一条"),
        ({"clauses": (ClauseDraft("只有标题", ""),)}, "第 1 条的标题和内容都要写"),
        ({"clauses": (TWO[0], TWO[0])}, "同一条出现了两次"),
    ],
    ids=["no preamble", "no clause", "half a clause", "a clause twice"],
)
def test_save_refuses_what_is_not_whole_and_changes_nothing(more, sentence):
    text = PledgeTextFactory()
    was = text.digest()

    with pytest.raises(texts.TextRefusedError, match=sentence):
        saved(text, UserFactory(), **more)

    assert text.digest() == was
    assert not AuditEvent.objects.exists()


def test_a_signed_text_is_neither_saved_nor_discarded():
    text = frozen()

    with pytest.raises(texts.TextFrozenError, match="请起草新版本"):
        saved(text, UserFactory())
    with pytest.raises(texts.TextFrozenError):
        texts.discard(text, by=UserFactory(), now=NOW)


def test_the_database_keeps_the_clauses_of_a_signed_text():
    text = frozen()

    with pytest.raises(IntegrityError), transaction.atomic():
        text.clauses.all().delete()


def test_discard_takes_back_what_no_campaign_uses():
    unused, used = PledgeTextFactory(), CampaignFactory().text

    texts.discard(unused, by=UserFactory(), now=NOW)
    with pytest.raises(texts.TextInUseError, match="已有签署活动"):
        texts.discard(used, by=UserFactory(), now=NOW)

    assert list(PledgeText.objects.all()) == [used]


def test_the_page_marks_what_changed_against_the_version_before(client):
    office = make_user(Role.SECRETARIAT)
    client.force_login(office)
    first = PledgeTextFactory(version="1.0")
    second = texts.draw_up(first, version="1.1", by=office, now=timezone.now())
    saved(second, office)

    page = client.get(reverse("pledges:text", args=[second.pk])).content.decode()

    assert "与 1.0 版相比" in page
    assert "改 1 条，加 1 条，删 1 条" in page


def posted(text, **more):
    rows = list(text.clauses.order_by("seq"))
    data = {
        "preamble": "新引言。",
        "term_months": "12",
        "adopted_note": "",
        "clause-TOTAL_FORMS": str(len(rows) + 1),
        "clause-INITIAL_FORMS": str(len(rows)),
    }
    for n, clause in enumerate(rows):
        data |= {
            f"clause-{n}-key": clause.key,
            f"clause-{n}-title": clause.title,
            f"clause-{n}-text": clause.text,
            f"clause-{n}-cites": " ".join(clause.cites),
            f"clause-{n}-ORDER": str(n + 1),
        }
    return data | more


def test_the_editor_changes_order_removes_and_adds(client):
    client.force_login(make_user(Role.SECRETARIAT))
    text = PledgeTextFactory()
    url = reverse("pledges:edit_text", args=[text.pk])
    swapped = {"clause-0-ORDER": "2", "clause-1-ORDER": "1"}

    client.post(url, posted(text, **swapped))
    assert list(text.clauses.order_by("seq").values_list("key", flat=True)) == ["service", "law"]

    added = {"clause-2-title": "第三条", "clause-2-text": "内容。", "clause-2-ORDER": "3"}
    client.post(url, posted(text, **added, **{"clause-0-DELETE": "on"}))
    assert list(text.clauses.order_by("seq").values_list("title", flat=True)) == [
        "示例条款1",
        "第三条",
    ]


def test_the_editor_offers_another_row_and_keeps_what_was_typed(client):
    client.force_login(make_user(Role.SECRETARIAT))
    text = PledgeTextFactory()
    was = text.digest()

    page = client.post(
        reverse("pledges:edit_text", args=[text.pk]), posted(text, more="1", preamble="没存的引言")
    ).content.decode()

    assert 'name="clause-3-title"' in page
    assert "没存的引言" in page
    assert text.digest() == was


@pytest.mark.parametrize("count", ["", "many", "１", "-1"])
def test_another_row_with_a_broken_count_is_refused_in_words(client, count):
    client.force_login(make_user(Role.SECRETARIAT))
    text = PledgeTextFactory()

    answer = client.post(
        reverse("pledges:edit_text", args=[text.pk]),
        posted(text, more="1", **{"clause-TOTAL_FORMS": count}),
    )

    assert answer.status_code == 200


def test_a_wrong_code_is_refused_at_its_field(client):
    client.force_login(make_user(Role.SECRETARIAT))
    text = PledgeTextFactory()
    was = text.digest()

    page = client.post(
        reverse("pledges:edit_text", args=[text.pk]), posted(text, **{"clause-0-cites": "R1"})
    ).content.decode()

    assert "“R1”不是条目编号" in page
    assert text.digest() == was


@pytest.mark.parametrize("role", [Role.REGULATOR, Role.OWNER])
def test_others_do_not_edit(client, role):
    client.force_login(make_user(role) if role == Role.REGULATOR else UserFactory())
    text = PledgeTextFactory()

    status = client.post(reverse("pledges:edit_text", args=[text.pk]), posted(text)).status_code

    assert status == (403 if role == Role.REGULATOR else 404)
