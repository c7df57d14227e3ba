"""What no single room can keep alone. ``rules.py`` says why; a failure names the offender."""

import importlib
import pkgutil
import re

import pytest
from django.template.loader import get_template
from factory.django import DjangoModelFactory

from association import styleguide, workflow_docs
from tests import factories
from tests.architecture import rules
from tests.architecture.house import (
    HOUSE,
    ROOMS,
    TEMPLATES,
    code,
    contract,
    layer_of,
    models,
    name_of,
    our_routes,
    project,
    routes,
    templates,
)

# Where the clock is read: at the doors, and in what a door calls without a moment of its own.
DOORS = {"views", "admin", "management", "tasks"}
CLOCK_AT = DOORS | {"panels", "adapter", "middleware", "templatetags"}
BELOW_THE_VIEWS = {"enums", "models", "queries", "actions", "evidence", "documents", "workflow"}

# Found by a long token from a QR code, or part of a record whose sight was asked before.
SCOPED_OTHERWISE = {
    ("reports/views/public.py", "Pharmacy.objects.on_register"): "by the token on the door",
    ("reports/views/public.py", "Award.objects.for_paper"): "by the token on the certificate",
    ("members/views/invitations.py", "Pharmacy.objects.select_related"): "keys of a visible list",
    ("pledges/views/public.py", "Pharmacy.objects.matching"): "narrows the public wall",
    ("pledges/views/campaigns.py", "Campaign.objects.order_by"): "the year after the last campaign",
    ("activities/views/feeds.py", "CalendarFeed.objects.open"): "by the word in its address",
    ("activities/panels.py", "Activity.objects.standing"): "of a visible shop",
    ("pledges/panels.py", "Pledge.objects.waiting"): "of a visible shop",
    ("party/forms.py", "MemberUnit.objects.all"): "a company by its name",
    ("party/forms.py", "MemberUnit.objects.filter"): "a company by its name",
    ("party/forms.py", "get_user_model.objects.filter"): "a login by its name",
    ("starrating/forms/review.py", "User.objects.filter"): "reviewers to choose from",
    ("starrating/forms/review.py", "related_model.objects.in_force"): "reviewers to choose from",
    ("starrating/resources.py", "Assessment.objects.filter"): "of a visible cycle",
    ("starrating/resources.py", "Assessment.objects.taking_part"): "of a visible cycle",
}

# Models without ``visible_to``: the same for everybody, or reached only through their parent.
NO_SIGHT = {
    "accounts.Area": "reference",
    "accounts.Invitation": "through its user; found by digest",
    "activities.AgendaItem": "through the activity",
    "activities.Attendance": "through the activity",
    "activities.CharityCredit": "through the activity",
    "activities.Fulfilment": "through the activity",
    "activities.JointMark": "through the activity",
    "activities.Minutes": "through the activity",
    "activities.Series": "through its activities",
    "association.AuditEvent": "behind AUDIT_VIEW",
    "association.AuditSeal": "public",
    "association.AuditSealEntry": "through its seal",
    "association.CalendarDay": "reference",
    "association.ChannelChoice": "the person's own",
    "association.ChannelSetting": "behind DESK_MANAGE",
    "association.DeliveryAttempt": "through its delivery",
    "association.Delivery": "the recipient's own inbox, else behind MESSAGE_MANAGE",
    "association.Heartbeat": "machinery",
    "association.Job": "behind JOB_VIEW",
    "association.Message": "through its deliveries",
    "association.ReadEvent": "through the record it speaks of",
    "association.StoredFile": "through the record it hangs on",
    "desk.AssociationProfile": "the association's own, public",
    "desk.MessageRule": "behind MESSAGE_MANAGE",
    "desk.ReminderDay": "machinery",
    "desk.SentReminder": "behind MESSAGE_MANAGE",
    "inspections.Ground": "reference",
    "members.HeadingMemory": "machinery",
    "members.ImportLine": "through its batch",
    "members.ImportRow": "through its batch",
    "members.ImportText": "through its batch",
    "members.ImportVerdict": "through its batch",
    "members.Position": "through the shop or unit",
    "members.Tenure": "through the shop",
    "party.Consent": "through the member",
    "party.ConsentText": "reference",
    "party.CoveredUnit": "through the organisation",
    "party.Motion": "through the meeting",
    "party.RollEntry": "through the meeting",
    "party.WorkItem": "reference",
    "pledges.BreachDecision": "through the breach",
    "pledges.BreachFile": "through the breach",
    "pledges.BreachLevel": "reference",
    "pledges.Clause": "through the text",
    "pledges.Receipt": "through the pledge",
    "pledges.SigningDraft": "through the pledge, one's own",
    "starrating.ItemNote": "through the assessment",
    "starrating.ReviewAssignment": "through the assessment",
}

# Tasks that still write a row themselves instead of calling an act.
WRITES_ITSELF = {"starrating/tasks.py": "the moment of the last rating, the file of a job"}

# Pure modules whose types mypy --strict does not accept yet.
NOT_TYPED = {
    "activities.deadlines",
    "association.sheet_child",
    "association.sheet_writing",
    "members.name_keys",
    "starrating.mark_sheet",
}

# The pages of others that we let in, by name; what their makers guard stands in their code.
ALLAUTH = {
    "account_change_password", "account_confirm_email", "account_confirm_login_code",
    "account_email", "account_email_verification_sent", "account_inactive", "account_login",
    "account_logout", "account_reauthenticate", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_set_password", "account_signup",
    "mfa_activate_totp", "mfa_authenticate", "mfa_deactivate_totp", "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_index", "mfa_reauthenticate", "mfa_view_recovery_codes",
}  # fmt: skip

# Names that are the same in every language.
KNOWN_ABROAD = {"association.StoredFile.sha256"}

# Strings with a mark of their own that no person reads.
NOT_READ = {"starrating/mark_sheet.py": "keys of shops, such as 编号:12"}

# Written for the papers and pages of a room that is not here yet.
NOT_ASKED_YET = {"layouts/document.html"}


def offenders(rule, *, within: set[str] | None = None, but: set[str] = frozenset()) -> dict:
    """Return by file what offends ``rule``, in the layers ``within`` and outside of ``but``."""
    found = {
        name_of(file): rule(file.read_text(encoding="utf-8"))
        for file in code()
        if layer_of(file) not in but and (within is None or layer_of(file) in within)
    }
    return {name: offences for name, offences in found.items() if offences}


def template_offenders(rule) -> dict:
    found = {name: rule(source_of(name)) for name in templates()}
    return {name: offences for name, offences in found.items() if offences}


def source_of(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


# ------------------------------------------------------------------ doors


def test_every_view_wears_one_guard_and_says_which_methods_it_takes():
    found = {route.name: rules.wrong_guards(route.guards, route.methods) for route in our_routes()}
    assert {name: why for name, why in found.items() if why} == {}, (
        "one guard of accounts.guards, under one decorator that names the methods"
    )


def test_pages_of_others_are_the_back_office_and_the_known_ones_of_the_log_in():
    others = [route for route in routes() if not route.is_ours]
    makers = {route.name: route.module.partition(".")[0] for route in others}

    assert {name for name, maker in makers.items() if maker == "allauth"} == ALLAUTH
    assert {name for name in makers if name not in ALLAUTH and makers[name] != "django"} == set()
    assert {r.name for r in others if makers[r.name] == "django" and r.pattern[:6] != "admin/"} == (
        set()
    )


def test_every_address_has_a_name_and_ends_with_a_slash():
    probes = {"", "livez", "readyz"}
    nameless = [r.pattern for r in our_routes() if not re.fullmatch(r"([a-z_]+:)?[a-z_]+", r.name)]

    assert nameless == []
    assert {r.pattern for r in our_routes() if r.pattern[-1:] != "/"} == probes


def test_a_record_behind_a_door_answers_for_sight_and_roles():
    asked = {route.name: getattr(route.view, "on", None) for route in our_routes()}
    models_asked = {model for model in asked.values() if model is not None}

    assert [m for m in models_asked if not hasattr(m.objects.all(), "visible_to")] == []
    assert [m for m in models_asked if not hasattr(m, "roles_of")] == [], (
        "requires(on=…) asks it: def roles_of(self, user)"
    )


# ------------------------------------------------------------------ models


def test_every_model_and_field_has_a_chinese_name():
    fields = {
        f"{model._meta.label}.{field.name}": str(field.verbose_name)
        for model in models()
        for field in model._meta.local_fields
        if not field.primary_key and field.model is model
    }
    names = {
        f"{m._meta.label}": f"{m._meta.verbose_name}{m._meta.verbose_name_plural}" for m in models()
    }

    assert {label for label, name in (fields | names).items() if name.isascii()} == KNOWN_ABROAD


def test_no_model_has_an_order_of_its_own():
    assert [model._meta.label for model in models() if model._meta.ordering] == [], (
        "order in the query"
    )


def test_a_constraint_is_named_after_its_model_and_rule():
    found = {
        constraint.name: f"{model._meta.app_label}_{model._meta.model_name}_"
        for model in models()
        for constraint in model._meta.constraints
    }
    assert [name for name, prefix in found.items() if not name.startswith(prefix)] == [], (
        "<app>_<model>_<rule>"
    )


def made_by_factory() -> set:
    for module in pkgutil.iter_modules(factories.__path__):
        importlib.import_module(f"tests.factories.{module.name}")
    known, found = [DjangoModelFactory], set()
    while known:
        factory = known.pop()
        known += factory.__subclasses__()
        found |= {factory._meta.model} - {None}
    return found


def test_every_model_has_a_factory():
    made = made_by_factory()
    assert [m._meta.label for m in models() if m not in made] == [], (
        "make one in tests/factories/<room>.py"
    )


def test_every_model_says_who_may_see_it_or_why_nobody_asks():
    silent = {m._meta.label for m in models() if not hasattr(m.objects.all(), "visible_to")}

    assert silent - set(NO_SIGHT) == set(), "give it visible_to, or a line in NO_SIGHT"
    assert set(NO_SIGHT) - silent == set(), "these lines are no longer needed"


# ------------------------------------------------------------------ code


def test_doors_ask_for_records_through_sight():
    """A worker has no person to look for: tasks are not asked."""
    scoped = {m.__name__ for m in models() if m._meta.label not in NO_SIGHT}
    found = {
        (name, line)
        for name, lines in offenders(
            lambda source: rules.unscoped_objects(source, scoped=scoped),
            within={"views", "forms", "panels", "context", "resources"},
        ).items()
        for line in lines
    }

    assert found - set(SCOPED_OTHERWISE) == set(), "ask through visible_to(request.user)"
    assert set(SCOPED_OTHERWISE) - found == set(), "these lines are no longer needed"


def test_the_clock_is_read_at_the_doors_alone():
    assert offenders(rules.clock_reads, but=CLOCK_AT) == {}, "take now= or today= from the door"


def test_no_request_below_the_views():
    below = BELOW_THE_VIEWS | {"forms", "tasks", "resources"}
    assert offenders(rules.requests_taken, within=below) == {}, "take values, not the request"


def test_authority_comes_from_roles_alone():
    assert offenders(rules.superuser_shortcuts, but={"admin"}) == {}, "ask accounts.permissions"
    assert template_offenders(lambda source: re.findall(r"is_superuser|is_staff\b", source)) == {}


def test_effects_are_seen_in_the_act_that_causes_them():
    assert offenders(rules.hidden_effects) == {}, "call it in the action"
    assert offenders(rules.celery_calls) == {}, "enqueue a job: association.jobs.enqueue"


def test_a_state_is_set_by_an_act():
    assert offenders(rules.states_set, but={"actions", "jobs"}) == {}, "write an action"


def test_doors_and_looks_write_nothing_themselves():
    found = offenders(rules.writes, within={"views", "forms", "tasks", "queries", "panels"})
    assert {name: calls for name, calls in found.items() if name not in WRITES_ITSELF} == {}, (
        "call an action"
    )
    assert set(WRITES_ITSELF) - set(found) == set(), "these lines are no longer needed"


def test_a_file_has_a_name_that_says_something():
    assert [name_of(file) for file in code() if rules.bad_file_name(file.name)] == []


def test_there_are_no_fixtures_in_json():
    assert [name_of(f) for room in ROOMS for f in (HOUSE / room).rglob("fixtures/*")] == []


def test_chinese_words_in_code_have_full_width_marks():
    found = offenders(rules.half_width_in_code)
    assert {name: marks for name, marks in found.items() if name not in NOT_READ} == {}, (
        "，。：；！？（）"
    )
    assert set(NOT_READ) - set(found) == set(), "these lines are no longer needed"


# ------------------------------------------------------------------ templates


def test_every_template_compiles():
    for name in templates():
        get_template(name)


def test_every_template_is_clean_of_inline_code_and_foreign_addresses():
    papers = [name for name in templates() if name.startswith("documents/")]

    assert template_offenders(rules.foreign_addresses) == {}
    assert [n for n in templates() if n not in papers and rules.inline_code(source_of(n))] == []
    assert [n for n in papers if rules.inline_code(source_of(n), is_paper=True)] == []


def test_chinese_words_in_templates_have_full_width_marks():
    assert template_offenders(rules.half_width_in_template) == {}, "，。：；！？（）"


def test_every_template_is_asked_for_by_a_view_or_another_template():
    named = {f"styleguide/{page}.html" for page in ("kit", *styleguide.PAGES)} | NOT_ASKED_YET
    for file in code():
        named |= rules.templates_named(file.read_text(encoding="utf-8"))
    for name in templates():
        named |= rules.templates_named(source_of(name)) - {name}
    # allauth and Django ask for these by their own names.
    theirs = ("account/", "mfa/", "allauth/", "django/", "403_csrf.html")

    assert [n for n in templates() if n not in named and not n.startswith(theirs)] == [], (
        "nobody shows it"
    )


# ------------------------------------------------------------------ tables of states

TABLES = {
    f"{room}.{name}": (table, doors) for room, _, name, table, doors in workflow_docs.tables()
}


def test_the_rooms_have_their_tables():
    assert set(TABLES) >= {
        "activities.ACTIVITY",
        "inspections.VIOLATION",
        "members.PHARMACY",
        "pledges.PLEDGE",
        "starrating.ASSESSMENT",
        "starrating.AWARD",
        "starrating.CYCLE",
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_state_can_be_reached_and_every_act_names_its_permission(name):
    table, doors = TABLES[name]
    assert not rules.unreachable_states(table)
    assert {act for _, act in table.moves} <= set(doors)


@pytest.mark.parametrize("room", sorted({name.partition(".")[0] for name in TABLES}))
def test_no_door_is_named_for_an_act_that_is_in_no_table(room):
    acts = {
        act
        for name, (table, _) in TABLES.items()
        if name.startswith(f"{room}.")
        for _, act in table.moves
    }
    doors = next(doors for name, (_, doors) in TABLES.items() if name.startswith(f"{room}."))
    assert set(doors) == acts, "PERMISSION_FOR and the moves differ"


# ------------------------------------------------------------------ who may import whom

FRAMEWORKS = (
    "django", "celery", "allauth", "csp", "import_export", "weasyprint", "dj_database_url",
)  # fmt: skip


def sources() -> dict[str, str]:
    def dotted(file):
        return name_of(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    return {dotted(file): file.read_text(encoding="utf-8") for file in code()}


def test_the_contracts_know_every_room():
    linter = project()["tool"]["importlinter"]
    layers = {
        name.strip(" ()") for layer in contract("Rooms")["layers"] for name in layer.split("|")
    }

    assert linter["root_packages"] == ROOMS
    assert set(ROOMS) <= layers
    assert set(contract("Inside a room")["containers"]) == set(ROOMS) - {"association", "accounts"}


def test_every_pure_module_is_held_to_be_pure_and_typed():
    markers = {name_of(file) for file in code() if file.name == "__init__.py"}
    modules = {
        name
        for name in rules.pure_modules(sources(), frameworks=FRAMEWORKS)
        if f"{name.replace('.', '/')}/__init__.py" not in markers
        and name.split(".")[1] not in {"middleware", "panels"}
    }
    files = project()["tool"]["mypy"]["files"]
    typed = {path.removesuffix(".py").replace("/", ".") for path in files}
    listed = set(contract("Pure rules")["source_modules"])

    assert sorted(modules - listed) == [], "add to the contract “Pure rules …” in pyproject.toml"
    assert sorted(modules - typed - NOT_TYPED) == [], "add to [tool.mypy] files in pyproject.toml"
    assert sorted(NOT_TYPED & typed) == [], "these lines of NOT_TYPED are no longer needed"
    assert sorted(listed - set(sources())) == [], "gone; strike it from the contract"
