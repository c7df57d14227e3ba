"""Party organisations, their people, posts, meetings and work."""

from datetime import UTC, date, datetime

import factory
from django.utils import timezone

from accounts.models import User
from association.defaults import read_content
from party.actions import organisations
from party.enums import (
    Ballot,
    ConsentWay,
    MeetingKind,
    MeetingPaperKind,
    OrganisationKind,
    PostRole,
    Relation,
    Rights,
    RuleStatus,
    Standing,
)
from party.models import (
    Census,
    CensusEntry,
    Consent,
    ConsentText,
    CoveredUnit,
    Meeting,
    MeetingPaper,
    Motion,
    PartyMember,
    PartyOrganisation,
    PartyRule,
    Post,
    Problem,
    RollEntry,
    WorkItem,
    WorkPaper,
    WorkTask,
)
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.members import MemberUnitFactory


class PartyOrganisationFactory(factory.django.DjangoModelFactory):
    """A branch; ``kind=OrganisationKind.GROUP, parent=…`` for a group in it."""

    class Meta:
        model = PartyOrganisation

    name = factory.Sequence(lambda n: f"示例第{n}党支部")
    kind = OrganisationKind.BRANCH
    founded_on = date(2021, 7, 1)
    document = "示例批〔2021〕1号"
    term_starts_on = date(2024, 7, 1)
    term_ends_on = date(2027, 6, 30)
    created_at = factory.LazyFunction(timezone.now)


class CoveredUnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CoveredUnit

    organisation = factory.SubFactory(PartyOrganisationFactory)
    unit = factory.SubFactory(MemberUnitFactory)
    starts_on = date(2021, 7, 1)


class PostFactory(factory.django.DjangoModelFactory):
    """A post; ``user=…`` gives its holder a login that a second person has confirmed."""

    class Meta:
        model = Post

    organisation = factory.SubFactory(PartyOrganisationFactory)
    role = PostRole.SECRETARY
    name = factory.Sequence(lambda n: f"示例某{n}")
    starts_on = date(2024, 7, 1)
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)
    access_confirmed_at = factory.LazyAttribute(
        lambda made: timezone.now() if made.user is not None else None
    )
    access_confirmed_by = factory.LazyAttribute(
        lambda made: UserFactory() if made.user is not None else None
    )
    user = None


def secretary_of(organisation: PartyOrganisation, role: str = PostRole.SECRETARY) -> User:
    """Return a person who keeps the ledger of ``organisation`` and of those below it."""
    return PostFactory(organisation=organisation, role=role, user=UserFactory()).user


class PartyMemberFactory(factory.django.DjangoModelFactory):
    """A full member whose relation is here; no consent, so no numbers."""

    class Meta:
        model = PartyMember

    organisation = factory.SubFactory(PartyOrganisationFactory)
    name = factory.Sequence(lambda n: f"示例党员{n}")
    standing = Standing.FULL
    relation = Relation.HERE
    joined_on = date(2015, 7, 1)
    created_at = factory.LazyFunction(timezone.now)


class ConsentTextFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ConsentText
        django_get_or_create = ("version",)

    version = 1
    title = "示例同意书"
    body = "示例正文"
    sha256 = "0" * 64
    starts_on = date(2024, 1, 1)


class ConsentFactory(factory.django.DjangoModelFactory):
    """A consent in force, and the member's record knows it."""

    class Meta:
        model = Consent
        skip_postgeneration_save = True

    member = factory.SubFactory(PartyMemberFactory)
    text = factory.SubFactory(ConsentTextFactory)
    way = ConsentWay.LOGIN
    given_at = factory.LazyFunction(timezone.now)
    recorded_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def known(consent, create, extracted, **kwargs):  # noqa: N805 -- factory_boy's own shape
        consent.member.consent = consent
        consent.member.save(update_fields=["consent"])


class CensusFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Census

    organisation = factory.SubFactory(PartyOrganisationFactory)
    title = "示例亮身份登记"
    text = factory.SubFactory(ConsentTextFactory)
    code = factory.Sequence(lambda n: f"code{n:08}")
    starts_on = date(2026, 1, 1)
    ends_on = date(2026, 12, 31)
    opened_at = factory.LazyFunction(timezone.now)
    opened_by = factory.SubFactory(UserFactory)


class CensusEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CensusEntry

    census = factory.SubFactory(CensusFactory)
    name = factory.Sequence(lambda n: f"示例登记{n}")
    workplace = "示例大药房"
    standing = Standing.FULL
    sent_at = factory.LazyFunction(timezone.now)


class MeetingFactory(factory.django.DjangoModelFactory):
    """A general meeting that is planned."""

    class Meta:
        model = Meeting

    organisation = factory.SubFactory(PartyOrganisationFactory)
    kind = MeetingKind.GENERAL
    title = factory.Sequence(lambda n: f"示例会议{n}")
    starts_at = datetime(2026, 3, 20, 7, tzinfo=UTC)
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)


class RollEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RollEntry

    meeting = factory.SubFactory(MeetingFactory)
    member = factory.SubFactory(
        PartyMemberFactory, organisation=factory.SelfAttribute("..meeting.organisation")
    )
    standing = Standing.FULL
    rights = Rights.NORMAL
    has_vote_here = True


class MotionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Motion

    meeting = factory.SubFactory(MeetingFactory)
    order = factory.Sequence(lambda n: n + 1)
    title = "示例议题"
    ballot = Ballot.SHOW_OF_HANDS


class MeetingPaperFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MeetingPaper

    meeting = factory.SubFactory(MeetingFactory)
    stored = factory.SubFactory(StoredFileFactory)
    kind = MeetingPaperKind.ROLL
    added_at = factory.LazyFunction(timezone.now)
    added_by = factory.SubFactory(UserFactory)


class PartyRuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PartyRule

    code = factory.Sequence(lambda n: f"sample.rule{n}")
    name = "示例规则"
    value = 3
    status = RuleStatus.VERIFIED
    source = "示例依据"
    starts_on = date(2018, 10, 1)


class WorkItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkItem

    code = factory.Sequence(lambda n: f"work/T{n}")
    basic_code = "G1"
    basic = "示例基本"
    category_code = "G1-1"
    category = "示例类别"
    name = "示例事项"
    indicator = "示例指标"
    rhythm = "monthly"
    owner = "组织委员"
    evidence = ["记录"]
    source = "示例依据"
    starts_on = date(2024, 1, 1)


class WorkTaskFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkTask

    organisation = factory.SubFactory(PartyOrganisationFactory)
    item = factory.SubFactory(WorkItemFactory)
    period_start = date(2026, 3, 1)
    period_end = date(2026, 3, 31)
    due_on = date(2026, 3, 31)


class WorkPaperFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkPaper

    task = factory.SubFactory(WorkTaskFactory)
    stored = factory.SubFactory(StoredFileFactory)
    evidence = "记录"
    added_at = factory.LazyFunction(timezone.now)
    added_by = factory.SubFactory(UserFactory)


class ProblemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Problem

    organisation = factory.SubFactory(PartyOrganisationFactory)
    source = "示例来源"
    description = "示例问题"
    owner_name = "示例责任人"
    measure = "示例措施"
    due_on = date(2026, 6, 30)
    raised_at = factory.LazyFunction(timezone.now)
    raised_by = factory.SubFactory(UserFactory)


def load_rules() -> None:
    """Enter the regulations that the portal ships."""
    organisations.load_rules(read_content("party", "party_rules.yaml"), now=timezone.now())


def branch_with(full: int, *, probationary: int = 0, **more) -> PartyOrganisation:
    """Return a branch with so many members on its register."""
    branch = PartyOrganisationFactory(**more)
    PartyMemberFactory.create_batch(full, organisation=branch)
    PartyMemberFactory.create_batch(
        probationary, organisation=branch, standing=Standing.PROBATIONARY
    )
    return branch
