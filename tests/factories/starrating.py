"""Schemes, cycles and assessments for tests."""

import json
from datetime import date
from functools import cache

import factory
from django.utils import timezone

from starrating import scheme_format
from starrating.enums import CycleState, SchemeState
from starrating.models import (
    Assessment,
    Award,
    Cycle,
    EvidenceFile,
    ItemNote,
    MarkedShop,
    MarkPaper,
    Result,
    ReviewAssignment,
    Scheme,
    StagedMarks,
)
from starrating.self_assessment import owner_items
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.members import PharmacyFactory


@cache
def default_document() -> dict:
    """The association's default scheme as it lies in the database: numbers as text."""
    text = scheme_format.DEFAULT_SCHEME.read_text(encoding="utf-8")
    return json.loads(scheme_format.canonical_json(scheme_format.read_yaml(text)))


class SchemeFactory(factory.django.DjangoModelFactory):
    """The default scheme, published."""

    class Meta:
        model = Scheme

    title = "示例星级评定标准"
    version = factory.Sequence(lambda n: f"1.{n}")
    document = factory.LazyFunction(default_document)
    document_hash = factory.LazyAttribute(lambda made: scheme_format.document_hash(made.document))
    state = SchemeState.PUBLISHED
    basis_title = "示例协会理事会决议"
    basis_number = "示例〔2026〕1号"
    organiser = "示例区药品经营行业协会"
    valid_from = date(2026, 1, 1)
    valid_to = date(2028, 12, 31)
    declares_no_fee = True
    created_at = factory.LazyFunction(timezone.now)
    published_at = factory.LazyFunction(timezone.now)
    published_by = factory.SubFactory(UserFactory)


class CycleFactory(factory.django.DjangoModelFactory):
    """A cycle in self-review whose dates lie far ahead."""

    class Meta:
        model = Cycle

    name = factory.Sequence(lambda n: f"示例年度{n}")
    scheme = factory.SubFactory(SchemeFactory)
    starts_on = date(2026, 1, 1)
    ends_on = date(2026, 12, 31)
    entry_closes_on = date(2026, 11, 30)
    review_closes_on = date(2026, 12, 31)
    valid_from = date(2027, 1, 1)
    valid_to = date(2027, 12, 31)
    state = CycleState.SELF_REVIEW
    created_at = factory.LazyFunction(timezone.now)


class AssessmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Assessment

    cycle = factory.SubFactory(CycleFactory)
    pharmacy = factory.SubFactory(PharmacyFactory)
    opened_at = factory.LazyFunction(timezone.now)


class ReviewAssignmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReviewAssignment

    assessment = factory.SubFactory(AssessmentFactory)
    reviewer = factory.SubFactory(UserFactory)
    assigned_at = factory.LazyFunction(timezone.now)


class ItemNoteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ItemNote

    assessment = factory.SubFactory(AssessmentFactory)
    item = "S03"
    text = "请补制度目录照片"
    written_at = factory.LazyFunction(timezone.now)
    written_by = factory.SubFactory(UserFactory)


class EvidenceFileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EvidenceFile

    assessment = factory.SubFactory(AssessmentFactory)
    item = "S03"
    file = factory.SubFactory(StoredFileFactory)
    added_at = factory.LazyFunction(timezone.now)
    added_by = factory.SubFactory(UserFactory)


class MarkPaperFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MarkPaper

    cycle = factory.SubFactory(CycleFactory)
    kind = "department"
    title = "示例检查汇总表"
    entered_at = factory.LazyFunction(timezone.now)
    entered_by = factory.SubFactory(UserFactory)

    class Params:
        bonus = factory.Trait(
            kind="bonus", needs_confirmation=True, document_number="示例〔2026〕9号"
        )


class MarkedShopFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MarkedShop

    paper = factory.SubFactory(MarkPaperFactory)
    assessment = factory.SubFactory(AssessmentFactory, cycle=factory.SelfAttribute("..paper.cycle"))
    after = factory.Dict({"R01": factory.Dict({"value": "0"})})
    before = factory.Dict({"R01": None})
    entered_at = factory.LazyFunction(timezone.now)
    entered_by = factory.SubFactory(UserFactory)


class StagedMarksFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StagedMarks

    cycle = factory.SubFactory(CycleFactory)
    kind = "department"
    title = "示例检查汇总表"
    sheet_file = factory.SubFactory(StoredFileFactory)
    uploaded_at = factory.LazyFunction(timezone.now)
    uploaded_by = factory.SubFactory(UserFactory)


class ResultFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Result

    assessment = factory.SubFactory(AssessmentFactory)
    version = 1
    status = "rated"
    stars = 4
    total = "90.0"
    tree = factory.Dict({})
    evidence = factory.Dict({})
    evidence_hash = "0" * 64
    scheme_hash = "0" * 64
    engine_version = 1
    reason = "示例"
    issued_at = factory.LazyFunction(timezone.now)


class AwardFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Award

    result = factory.SubFactory(ResultFactory)
    pharmacy = factory.SelfAttribute("result.assessment.pharmacy")
    serial = factory.Sequence(lambda n: f"示例-2026-{n:04}")
    token = factory.Sequence(lambda n: f"award{n:08}")
    stars = 4
    holder_name = factory.LazyAttribute(lambda made: made.pharmacy.name)
    valid_from = date(2027, 1, 1)
    valid_to = date(2027, 12, 31)
    issued_at = factory.LazyFunction(timezone.now)


BEST_ANSWERS = {"bool": "符合", "deduct": "0", "ratio": "10/10"}


def best_answers(scheme: Scheme) -> dict[str, str]:
    """An answer to every item of the shop that keeps all its points."""
    answers = {}
    for code, item in owner_items(scheme.rules).items():
        best = max(item.levels, key=lambda level: level.points).name if item.levels else ""
        answers[code] = BEST_ANSWERS.get(item.method, best)
    return answers
