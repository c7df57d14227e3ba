import pytest
from django.urls import reverse

from accounts.roles import Role
from desk.models import SavedFilter
from tests.factories.accounts import make_user
from tests.factories.desk import SavedFilterFactory
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db
LIST, SAVE = reverse("members:list"), reverse("members:save_filter")


@pytest.fixture
def clerk(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def test_a_filter_is_kept_under_a_name_and_used_again(client, clerk):
    chain, single = PharmacyFactory(unit__kind="chain"), PharmacyFactory(unit__kind="single")

    answer = client.post(SAVE, {"kind": "chain", "name": "连锁", "is_shared": "on"})

    page = client.get(answer.url).content.decode()
    assert chain.name in page
    assert single.name not in page
    assert "连锁" in client.get(LIST).content.decode()


def test_the_same_name_again_replaces_ones_own(client, clerk):
    client.post(SAVE, {"kind": "chain", "name": "常用"})
    client.post(SAVE, {"kind": "single", "name": "常用"})

    assert SavedFilter.objects.get().parameters == {"kind": "single"}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kind": "chain", "name": " "}, "请给这组条件起个名字"),
        ({"name": "空的"}, "现在没有筛选条件"),
        ({"kind": "no-such", "name": "坏的"}, "现在没有筛选条件"),
    ],
    ids=["no name", "nothing asked", "not a filter"],
)
def test_a_filter_is_refused_with_a_sentence(client, clerk, typed, sentence):
    page = client.post(SAVE, typed, follow=True).content.decode()

    assert sentence in page
    assert not SavedFilter.objects.exists()


def test_filters_of_the_office_are_not_for_shops(client):
    shared = SavedFilterFactory(is_shared=True)
    client.force_login(owner_of(PharmacyFactory()))

    assert shared.name not in client.get(LIST).content.decode()
    assert client.post(SAVE, {"kind": "chain", "name": "我的"}).status_code == 403


def test_only_its_keeper_takes_a_filter_away(client, clerk):
    own, shared = SavedFilterFactory(owner=clerk), SavedFilterFactory(is_shared=True)
    private = SavedFilterFactory()

    client.post(reverse("members:drop_filter", args=[own.pk]))
    page = client.post(reverse("members:drop_filter", args=[shared.pk]), follow=True)
    hidden = client.post(reverse("members:drop_filter", args=[private.pk]))

    assert "是别人存的" in page.content.decode()
    assert hidden.status_code == 404
    assert set(SavedFilter.objects.all()) == {shared, private}


def test_the_list_is_narrowed_by_company(client, clerk):
    here, there = PharmacyFactory(unit__name="示例甲公司"), PharmacyFactory(unit__name="示例乙公司")

    page = client.get(LIST, {"unit": "示例甲"}).content.decode()

    assert here.name in page
    assert there.name not in page
