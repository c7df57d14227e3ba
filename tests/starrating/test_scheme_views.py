"""Scheme versions through the door, and their rules in words."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from starrating import scheme_words as words
from starrating.default_content import default_scheme
from starrating.models import Scheme
from tests.factories.accounts import make_user
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import CycleFactory, SchemeFactory
from tests.starrating.schemes import SCHEMES, scheme_named

pytestmark = pytest.mark.django_db
FRAME = {
    "basis_title": "示例理事会决议",
    "basis_number": "示例〔2026〕6号",
    "organiser": "示例协会",
    "valid_from": "2026-01-01",
    "valid_to": "2028-12-31",
    "declares_no_fee": "on",
}


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


@pytest.fixture
def draft():
    default_scheme(timezone.now())
    return Scheme.objects.get()


def publish(client, scheme, **changes):
    data = {name: value for name, value in (FRAME | changes).items() if value is not None}
    return client.post(reverse("starrating:publish", args=[scheme.pk]), data)


def test_the_default_scheme_is_read_published_and_listed(client, secretary, draft):
    listed = client.get(reverse("starrating:schemes")).content.decode()
    assert "起草中" in listed
    assert reverse("starrating:publish", args=[draft.pk]) in listed
    form = client.get(reverse("starrating:publish", args=[draft.pk]))
    assert form.context["form"].initial["valid_from"] == timezone.localdate()
    answer = publish(client, draft)
    assert answer.url == reverse("starrating:scheme", args=[draft.pk])
    shown = client.get(answer.url).content.decode()
    for said in ("示例〔2026〕6号", "已声明不向药店收费", draft.document_hash):
        assert said in shown
    assert reverse("starrating:publish", args=[draft.pk]) not in shown


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param({"basis_number": " "}, "basis_number", "", id="no number"),
        pytest.param({"organiser": ""}, "organiser", "", id="no organiser"),
        pytest.param(
            {"declares_no_fee": None}, "declares_no_fee", "评星不得向药店收费", id="not free"
        ),
        pytest.param({"valid_to": "2026-01-01"}, "valid_to", "晚于开始日", id="no term"),
    ],
)
def test_a_frame_that_is_not_whole_is_refused_at_its_field(
    client, secretary, draft, changes, field, sentence
):
    answer = publish(client, draft, **changes)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert sentence in answer.content.decode()
    assert Scheme.objects.get().state == "draft"


def test_a_published_version_is_not_published_again(client, secretary):
    scheme = SchemeFactory()
    answer = publish(client, scheme, basis_number="另一个文号")
    assert "这一版已经发布" in answer.content.decode()
    assert Scheme.objects.get().basis_number == scheme.basis_number


def test_the_page_shows_every_item_bonus_veto_and_star_line(client, secretary):
    scheme = SchemeFactory()
    CycleFactory(scheme=scheme, name="示例年度甲")
    shown = client.get(reverse("starrating:scheme", args=[scheme.pk])).content.decode()
    rules = scheme.rules
    for name in (
        *(item.name for item in rules.items),
        *(line.name for line in rules.bonus.lines),
        *(veto.name for veto in rules.vetoes),
    ):
        assert name.replace(">", "&gt;").replace("<", "&lt;") in shown
    assert "示例年度甲" in shown
    assert "每发现 1 处不符合扣 1 分，扣完为止" in shown
    assert "合计最多 5 分；加分最多把星级提高 1 星" in shown


def test_a_version_whose_term_is_over_says_so_in_the_list(client, secretary):
    SchemeFactory(valid_from=date(2020, 1, 1), valid_to=date(2021, 12, 31))
    assert "已过有效期" in client.get(reverse("starrating:schemes")).content.decode()


def test_others_read_and_only_the_secretariat_publishes(client, draft):
    client.force_login(make_user(Role.REGULATOR))
    assert client.get(reverse("starrating:scheme", args=[draft.pk])).status_code == 200
    assert publish(client, draft).status_code == 403
    client.force_login(owner_of(PharmacyFactory()))
    assert client.get(reverse("starrating:schemes")).status_code == 403
    assert client.get(reverse("starrating:scheme", args=[draft.pk])).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_three(
    client, secretary, count, django_assert_num_queries
):
    for _ in range(count):
        CycleFactory()
    client.get(reverse("starrating:schemes"))
    with django_assert_num_queries(9):
        client.get(reverse("starrating:schemes"))


@pytest.mark.parametrize("name", sorted(path.stem for path in SCHEMES.glob("*.yaml")))
def test_every_example_scheme_can_be_said_in_words(name):
    scheme = scheme_named(name)
    for item in scheme.items:
        assert words.how_scored(item).strip()
        assert all(words.remarks(item))
        assert all(words.basis_words(scheme, item.basis))
    for dimension in scheme.dimensions:
        assert words.dimension_words(dimension)
    assert all(words.bonus_words(line) for line in scheme.bonus.lines)
    assert all(words.veto_words(veto) for veto in scheme.vetoes)
    assert all(words.bonus_rules(scheme))
    assert len(words.general_rules(scheme)) >= 4


def test_articles_of_one_law_stand_together_and_an_unknown_source_keeps_its_code():
    scheme = SchemeFactory().rules
    assert words.basis_words(scheme, ["dal:52", "synth", "dal:58", "unknown"]) == [
        "《药品管理法》（2019 年修订）第 52、58 条",
        "本方案综合设计",
        "unknown",
    ]
