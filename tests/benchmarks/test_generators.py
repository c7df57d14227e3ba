"""The benchmarks measure the product only while their data is such as the product takes."""

import pytest
from django.utils import timezone

from benchmarks import generators
from members.models import Pharmacy
from starrating import documents
from starrating.actions.rating import rate_batch
from starrating.models import Assessment, Award

pytestmark = pytest.mark.django_db


def test_every_generated_sheet_can_be_rated(monkeypatch):
    monkeypatch.setattr(generators, "SHEETS", 40)
    cycle = generators.cycle_of(40)
    pks = list(Assessment.objects.values_list("pk", flat=True))

    assert rate_batch(cycle, pks, now=timezone.now()) == []
    assert set(Assessment.objects.values_list("preview_status", flat=True)) >= {"rated", "vetoed"}
    assert Assessment.objects.exclude(preview_evidence__bonus=None).count() == 4


def test_a_generated_register_is_found_as_the_product_finds_names():
    generators.register(30)
    shop = Pharmacy.objects.get(pk=7)

    assert shop in Pharmacy.objects.matching(shop.name[:2])
    assert shop in Pharmacy.objects.matching(shop.name_initials[:5])


def test_a_generated_award_can_be_printed(monkeypatch):
    monkeypatch.setattr(generators, "SHEETS", 2)
    generators.awards_of(2)
    files = dict(documents.certificate_files(Award.objects.for_paper()))
    assert [content[:5] for content in files.values()] == [b"%PDF-", b"%PDF-"]
