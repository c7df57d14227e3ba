"""One small world for the walk over all doors: two shops, and the twelve who knock.

``Side`` makes one record of any model with its factory, hung on this side's shop wherever the
factory leads to one. A record that needs more says so in ``GIVEN``; an address that needs more
than the ``pk`` of the model on its guard says so in ``RECORD_OF`` or ``PARAMETERS``.
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from factory import SubFactory
from factory.django import DjangoModelFactory

from accounts.actions import digest_of
from accounts.models import Area, RoleGrant, User
from accounts.roles import Role
from activities import feed_tokens
from activities.models import Activity, CalendarFeed, PlanVersion
from association import defaults
from association.models import Delivery, Job, Message, StoredFile
from association.sending import UNSUBSCRIBE
from desk.models import MessageRule, SavedFilter
from inspections.models import Violation
from members.models import MemberUnit, Pharmacy, Position
from party.enums import PostRole
from party.models import (
    Census,
    Consent,
    CoveredUnit,
    Motion,
    PartyOrganisation,
    PartyRule,
    Post,
)
from party.views.census import SIGNER
from pledges.models import Breach, BreachFile, Campaign, Pledge
from starrating.enums import CycleState
from starrating.models import Assessment, Award, Cycle, MarkPaper, Result
from starrating.queries.entry import owner_sheet
from starrating.scheme_format import canonical_json
from starrating.scoring import Evidence, rate
from tests import factories
from tests.architecture.house import ROOMS, Route
from tests.factories.accounts import InvitationFactory, UserFactory, make_user
from tests.factories.activities import AttendanceFactory
from tests.factories.association import DeliveryFactory, StoredFileFactory
from tests.factories.desk import AssociationProfileFactory
from tests.factories.members import head_office_of, owner_of, staff_of
from tests.factories.party import PartyMemberFactory, secretary_of
from tests.factories.pledges import BreachDecisionFactory, ReceiptFactory
from tests.factories.starrating import CycleFactory, ReviewAssignmentFactory

# Each side has its own of these; a record whose factory leads to one of them is made twice.
ROOTS = {Area, MemberUnit, Pharmacy, PartyOrganisation, User, Activity}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


class Side:
    """The records around one shop; what belongs to no shop lies in ``shared``."""

    def __init__(self, shared: "Side | None" = None) -> None:
        self.shared = shared
        self.made: dict[type[Model], Model] = {}

    def of(self, model: type[Model]) -> Model:
        """Return this side's record of ``model``, made at the first call."""
        home = self if self.shared is None or is_specific(model) else self.shared
        if model not in home.made:
            home.made[model] = home.make(model)
            AFTER.get(model, lambda side, record: None)(home, home.made[model])
        return home.made[model]

    def make(self, model: type[Model], **given) -> Model:
        """Return a new record of ``model`` whose foreign keys are this side's records."""
        factory = factory_of(model)
        given = GIVEN.get(model, lambda side: {})(self) | given
        for name, leads_to in links_of(factory).items():
            if name not in given and leads_to not in {User, StoredFile}:
                given[name] = self.of(leads_to)
        return factory(**given)


@cache
def known_factories() -> dict[type[Model], type[DjangoModelFactory]]:
    """Return the first factory of each model."""
    for module in pkgutil.iter_modules(factories.__path__):
        importlib.import_module(f"tests.factories.{module.name}")
    return {
        factory._meta.model: factory for factory in reversed(DjangoModelFactory.__subclasses__())
    }


def factory_of(model: type[Model]) -> type[DjangoModelFactory]:
    return known_factories()[model]


def links_of(factory: type[DjangoModelFactory]) -> dict[str, type[Model]]:
    """Return the fields that the factory fills with a record of ours, and of which model."""
    declared = factory._meta.pre_declarations.as_dict()
    inner = {n: d.get_factory() for n, d in declared.items() if isinstance(d, SubFactory)}
    made = {n: f._meta.model for n, f in inner.items() if issubclass(f, DjangoModelFactory)}
    return {name: model for name, model in made.items() if model._meta.app_label in ROOMS}


@cache
def is_specific(model: type[Model]) -> bool:
    """Return whether the record belongs to one shop, person or organisation."""
    if model in ROOTS:
        return True
    inner = set(links_of(factory_of(model)).values()) - {User, StoredFile, model}
    return model in {CalendarFeed, Delivery, RoleGrant} or any(map(is_specific, inner))


# ------------------------------------------------------------------ what a record needs


def _this_year(side: Side) -> dict:
    today = timezone.localdate()
    return {
        "year": today.year,
        "starts_on": today - timedelta(days=30),
        "sign_by": today + timedelta(days=5),
        "ends_on": today + timedelta(days=300),
    }


def _open_now(side: Side) -> dict:
    today = timezone.localdate()
    return {"starts_on": today - timedelta(days=30), "ends_on": today + timedelta(days=30)}


def _asks_for_access(side: Side) -> dict:
    """A second post beside the secretary's; the login waits for another person."""
    return {
        "role": PostRole.ORGANISATION,
        "user": UserFactory(),
        "access_confirmed_at": None,
        "access_confirmed_by": None,
    }


def _explained(side: Side) -> dict:
    rating = rate(side.of(Assessment).cycle.scheme.rules, Evidence())
    return {"tree": json.loads(canonical_json(rating.as_dict()))}


GIVEN: dict[type[Model], Callable[[Side], dict]] = {
    Activity: lambda side: {"taken": 2},
    CalendarFeed: lambda side: {"user": side.of(User)},
    Campaign: _this_year,
    Census: _open_now,
    Consent: lambda side: {"paper": StoredFileFactory()},
    Cycle: lambda side: {"state": CycleState.REVIEW},
    Delivery: lambda side: {"recipient": side.of(User)},
    Job: lambda side: {"result_file": StoredFileFactory()},
    MarkPaper: lambda side: {"file": StoredFileFactory(), "shop_count": 3, "value_count": 3},
    Post: _asks_for_access,
    Result: _explained,
    SavedFilter: lambda side: {"owner": side.of(User)},
    RoleGrant: lambda side: {"waiting": True, "role": Role.INSPECTOR},
    Violation: lambda side: {"documented": True},
}
AFTER: dict[type[Model], Callable[[Side, Model], None]] = {
    Activity: lambda side, record: AttendanceFactory(activity=record, pharmacy=side.of(Pharmacy)),
    Breach: lambda side, record: BreachDecisionFactory(breach=record),
    Pledge: lambda side, record: ReceiptFactory(pledge=record),
}


# ------------------------------------------------------------------ what an address needs


def _publicised(side: Side) -> Cycle:
    now = timezone.now()
    return CycleFactory(
        scheme=side.of(Cycle).scheme,
        state=CycleState.PUBLICISED,
        publicised_at=now,
        publicity_ends_on=timezone.localdate(now) + timedelta(days=7),
        publicity_text={"lines": [], "cycle": "示例年度"},
        publicity_hash="0" * 64,
    )


def _join_token(side: Side) -> str:
    token = f"knock-{id(side)}"
    InvitationFactory(token_digest=digest_of(token))
    return token


def _signed(side: Side) -> str:
    shop = side.of(Pharmacy)
    a_year = 2100 + shop.pk % 500  # one campaign a year, and the shared one has this year
    side.make(Pledge, campaign=side.shared.make(Campaign, year=a_year), signed=True)
    return shop.public_token


def _held(side: Side) -> Message:
    return DeliveryFactory(channel="email", delivered_at=None, not_before=None).message


def _unsubscribing(side: Side) -> str:
    return signing.dumps([side.of(User).pk, "email"], salt=UNSUBSCRIBE)


def _receipted(side: Side) -> str:
    a_year = 2600 + side.of(Pharmacy).pk % 500
    campaign = side.shared.make(Campaign, year=a_year)
    return side.make(Pledge, campaign=campaign, signed=True).receipt_token


# The record behind ``pk`` where the guard names no model.
RECORD_OF: dict[str, type[Model] | Callable[[Side], Model]] = {
    "activities:version": PlanVersion,
    "desk:message": Delivery,
    "desk:delivery": Delivery,
    "desk:retry_delivery": Delivery,
    "desk:rule": MessageRule,
    "desk:held_message": _held,
    "desk:release": _held,
    "desk:drop": _held,
    "desk:job": Job,
    "desk:cancel_job": Job,
    "desk:retry_job": Job,
    "desk:job_result": Job,
    "desk:change_area": Area,
    "party:confirm_access": Post,
    "party:local_rule": PartyRule,
    "members:drop_filter": lambda side: side.make(SavedFilter),
    "reports:publicity": _publicised,
}
# The other parts of an address.
PARAMETERS: dict[tuple[str, str], Callable[[Side], object]] = {
    ("account_confirm_email", "key"): lambda side: "unknown",
    ("account_reset_password_from_key", "key"): lambda side: "unknown",
    ("account_reset_password_from_key", "uidb36"): lambda side: "1",
    ("accounts:join", "token"): _join_token,
    ("check_in:scanned", "token"): lambda side: "stale-token",
    ("activities:private_feed", "feed"): lambda side: side.of(CalendarFeed).pk,
    ("activities:private_feed", "token"): lambda side: feed_tokens.token(
        settings.SECRET_KEY.encode(), side.of(CalendarFeed).pk, 1
    ),
    ("desk:channel", "channel"): lambda side: "email",
    ("desk:retry_parked", "channel"): lambda side: "email",
    ("desk:try_channel", "channel"): lambda side: "email",
    ("desk:unsubscribe", "token"): _unsubscribing,
    ("members:end_at_shop", "position"): lambda side: side.of(Position).pk,
    ("members:end_at_unit", "position"): lambda side: (
        side.make(Position, pharmacy=None, unit=side.of(MemberUnit)).pk
    ),
    ("members:export", "form"): lambda side: "csv",
    ("members:import_template", "kind"): lambda side: "shops",
    ("party:consent_paper", "consent"): lambda side: side.of(Consent).pk,
    ("party:count", "motion"): lambda side: side.of(Motion).pk,
    ("party:report", "token"): lambda side: SIGNER.sign(side.of(Census).code),
    ("party:uncover", "covered"): lambda side: side.of(CoveredUnit).pk,
    ("party:void", "motion"): lambda side: side.of(Motion).pk,
    ("pledges:breach_file", "number"): lambda side: side.of(BreachFile).pk,
    ("pledges:minutes", "number"): lambda side: 1,
    ("pledges:verify", "token"): _receipted,
    ("pledges:wall_shop", "token"): _signed,
    ("reports:code_picture", "token"): lambda side: side.of(Pharmacy).public_token,
    ("reports:shop", "token"): lambda side: side.of(Pharmacy).public_token,
    ("reports:verify", "token"): lambda side: side.of(Award).token,
    ("starrating:fill_part", "code"): lambda side: owner_sheet(side.of(Assessment)).parts[0].code,
    ("styleguide_page", "page"): lambda side: "phone",
}
# What an address asks for behind its question mark.
QUESTIONS: dict[str, Callable[[Side], dict[str, object]]] = {
    "party:appoint_first": lambda side: {"organisation": side.of(PartyOrganisation).pk},
}


def address_of(route: Route, side: Side) -> str:
    """Return the address behind ``route`` for a record of ``side``."""
    address = reverse(
        route.name, kwargs={name: _value(route, name, side) for name in parameters_of(route)}
    )
    asked = QUESTIONS.get(route.name)
    return f"{address}?{urlencode(asked(side))}" if asked else address


def parameters_of(route: Route) -> list[str]:
    return PARAMETER.findall(route.pattern)


def _value(route: Route, name: str, side: Side):
    if (route.name, name) in PARAMETERS:
        return PARAMETERS[route.name, name](side)
    record = getattr(route.view, "on", None) or RECORD_OF.get(route.name)
    if name != "pk" or record is None:
        raise LookupError(
            f"tests/architecture/world.py: say in "
            f"{'RECORD_OF' if name == 'pk' else 'PARAMETERS'} what <{name}> of {route.name} is."
        )
    return (side.of(record) if isinstance(record, type) else record(side)).pk


# ------------------------------------------------------------------ the twelve

SUBJECTS = (
    "anon", "super", "staff", "owner", "other", "head", "party", "review", "adjud", "inspect",
    "regul", "secret",
)  # fmt: skip
# Who has no place at the other side's shop that the column "other" does not show already.
ASKS_OWN_ONLY = {"anon", "super", "owner", "other"}


class World:
    """Both sides, and a person for each subject but the anonymous one."""

    def __init__(self) -> None:
        defaults.load_all(now=timezone.now())
        shared = Side()
        self.own, self.other = Side(shared), Side(shared)
        owner, other = owner_of(self.own.of(Pharmacy)), owner_of(self.other.of(Pharmacy))
        self.own.made[User], self.other.made[User] = owner, other
        area = self.own.of(Area)
        self.people = {
            "super": UserFactory(is_superuser=True, is_staff=True),
            "staff": staff_of(self.own.of(Pharmacy)),
            "owner": owner,
            "other": other,
            "head": head_office_of(self.own.of(MemberUnit)),
            "party": secretary_of(self.own.of(PartyOrganisation)),
            "review": make_user(Role.REVIEWER),
            "adjud": make_user(Role.ADJUDICATOR),
            "inspect": make_user(Role.INSPECTOR, area=area),
            "regul": make_user(Role.REGULATOR, area=area),
            "secret": make_user(Role.SECRETARIAT),
        }
        AssociationProfileFactory(mark=StoredFileFactory(content_type="image/png"))
        PartyMemberFactory(organisation=self.own.of(PartyOrganisation), user=self.people["staff"])
        ReviewAssignmentFactory(assessment=self.own.of(Assessment), reviewer=self.people["review"])
