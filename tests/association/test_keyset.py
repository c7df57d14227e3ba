"""Paging by key: forward, back, through equal names, and counts that stop."""

import pytest

from association import keyset
from members.models import Pharmacy
from tests.factories.members import PharmacyFactory

NAMES = ["示例丙", "示例甲", "示例甲", "示例甲", "示例乙", "示例丁", "示例戊"]


@pytest.fixture
def seven(db):
    """Seven shops, three of one name."""
    return [PharmacyFactory(name=name, name_sort=name[-1]) for name in NAMES]


def walk(size, step, start=None):
    """Follow the links of one direction and return the pks of each page."""
    params, pages = start or {}, []
    while True:
        page = keyset.page(Pharmacy.objects.all(), params, by="name_sort", size=size)
        pages.append([row.pk for row in page.rows])
        if not getattr(page, step):
            return pages, page
        params = {step: getattr(page, step)}


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 50])
def test_walking_forward_meets_each_row_once_in_order(seven, size):
    pages, _ = walk(size, "after")

    expected = list(Pharmacy.objects.order_by("name_sort", "pk").values_list("pk", flat=True))
    assert [pk for page in pages for pk in page] == expected


@pytest.mark.parametrize("size", [1, 2, 3])
def test_walking_back_from_the_end_meets_them_again(seven, size):
    _, last = walk(size, "after")

    pages, first = walk(size, "before", {"before": last.before})

    met = [pk for page in reversed(pages) for pk in page] + [row.pk for row in last.rows]
    assert sorted(met) == sorted(row.pk for row in seven)
    assert first.before == ""
    assert first.after != ""


@pytest.mark.parametrize("key", ["", "nonsense", "x.甲", "99999999999999999999.甲", "-1.甲", "."])
def test_a_key_that_means_nothing_starts_at_the_top(seven, key):
    page = keyset.page(Pharmacy.objects.all(), {"after": key}, by="name_sort", size=2)

    assert page.before == ""
    assert len(page.rows) == 2


def test_counts_stop_at_the_cap_and_take_one_query(seven, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(keyset, "COUNT_CAP", 5)
    lists = {
        "all": Pharmacy.objects.all(),
        "some": Pharmacy.objects.filter(name_sort="甲"),
        "none": Pharmacy.objects.none(),
    }

    with django_assert_num_queries(1):
        counts = keyset.capped_counts(lists)

    assert counts == {"all": 6, "some": 3, "none": 0}
