"""Finding shops and units: by a piece of the name, by initials, by licence number."""

import pytest
from django.db import connection

from members.models import MemberUnit, Pharmacy
from members.search_terms import grams, words
from tests.factories.members import MemberUnitFactory, PharmacyFactory


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("康", ("康",)), ("康宁", ("康宁",)), ("康宁大康宁", ("康宁", "宁大", "大康"))],
    ids=["one character", "two", "a pair twice"],
)
def test_grams_are_pairs_of_neighbours(text, pieces):
    assert grams(text) == pieces


def test_words_are_folded_parted_by_blanks_and_few():
    assert [word.text for word in words("　康宁　 ＫＮ a b c")] == ["康宁", "kn", "a", "b"]
    assert words("   ") == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", True),
        ("康", True),
        ("新阳", True),
        ("康宁大药房", True),
        ("新阳 康宁", True),
        ("康房", False),
        ("康宁药", False),
        ("slkndyf", True),
        ("SLKN", True),
        ("knd", False),
        ("da", False),
        ("DA5920001", True),
        ("闽DA592", True),
        ("5920001", False),
        ("100%", False),
        ("_", False),
    ],
)
def test_a_shop_is_found_as_clerks_look_for_it(typed, found):
    PharmacyFactory(name="示例康宁大药房·新阳店", licence_number="闽DA5920001")

    assert Pharmacy.objects.matching(typed).exists() == found


@pytest.mark.django_db
def test_the_pieces_of_a_long_word_must_stand_together():
    PharmacyFactory(name="示例大药店·药房大")

    assert not Pharmacy.objects.matching("药房大药").exists()


@pytest.mark.django_db
def test_a_unit_is_found_by_name_and_by_initials():
    unit = MemberUnitFactory(name="示例同心医药连锁")

    assert MemberUnit.objects.matching("同心").get() == unit
    assert MemberUnit.objects.matching("sltx").get() == unit


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "pieces"), [("", []), ("药", ["药"]), ("大药房", ["大", "药", "房", "大药", "药房"])]
)
def test_the_database_cuts_names_as_the_search_does(text, pieces):
    with connection.cursor() as cursor:
        cursor.execute("SELECT bigrams(%s)", [text])
        (cut,) = cursor.fetchone()

    assert cut == pieces


@pytest.mark.django_db
def test_a_rare_name_is_looked_up_in_the_index():
    Pharmacy.objects.bulk_create(
        PharmacyFactory.build(unit=unit, area=None, name=f"示例大药房第{n}店", public_token=f"t{n}")
        for unit in [MemberUnitFactory()]
        for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('pharmacy_by_grams')")
        cursor.execute("ANALYZE members_pharmacy")

    plan = Pharmacy.objects.matching("没有").order_by("name_sort", "pk")[:51].explain()

    assert "pharmacy_by_grams" in plan
