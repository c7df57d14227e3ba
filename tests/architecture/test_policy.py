"""Every door, knocked at by everybody: the answers are those of tests/architecture/policy/*.txt."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from tests.architecture.house import routes
from tests.architecture.knocking import Knocking, tables_changed
from tests.architecture.policy import Line, doors, file_of, heading, lines, read
from tests.architecture.world import ASKS_OWN_ONLY, SUBJECTS, address_of, parameters_of

LOGIN, LEAVING = "/accounts/login/", "account_logout"
OTHER_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANSWERED = {409, 410, 422}  # refused with a sentence, by somebody whom the door let in
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# A session and a counter of requests belong to the visit, not to the page.
OF_THE_VISIT = {"django_session", "cache"}
# Opening a message is reading it, and a second look changes nothing.
WRITES_BY_LOOKING = {
    "desk:message": {"association_delivery"},
    "account_email": {"account_emailaddress"},  # allauth notes the address of the account
}
# Reading that is written down: an export stands in the audit trail.
NOTED_READING = {"members:export", "reports:cockpit_export", "starrating:export"}
# What a person does to the own account or session, whoever they are. A check-in counts for the
# shops of the person alone; who has none is told so.
OWN_ACCOUNT = {
    "accounts:join",
    "accounts:workspace",
    "activities:open_feed",
    "check_in:code",
    "check_in:here",
    "desk:preferences",
    "desk:read_all",
}


class Walk(Knocking):
    """The world is made once for all doors of a process; what a knock changes is taken back."""

    @classmethod
    def prepare(cls, world):
        super().prepare(world)
        cls.addresses, cls.unknown = {}, {}
        for route in {route.name: route for route, _ in doors()}.values():
            try:
                with transaction.atomic():
                    pair = (address_of(route, world.own), address_of(route, world.other))
            except (LookupError, TypeError, ValueError, DatabaseError) as error:
                # One record that cannot be made must not hide the answers of all other doors.
                cls.unknown[route.name] = f"{route.name}: {error!r}"
            else:
                cls.addresses[route.name] = pair

    def measured(self, route, method: str) -> Line:
        """Return what the code does today, checking on the way what holds for every answer."""
        own, other = self.addresses[route.name]
        cells = []
        for subject in SUBJECTS:
            cell = self.answer(route, subject, method, own)
            if other != own and subject not in ASKS_OWN_ONLY:
                elsewhere = self.answer(route, subject, method, other)
                cell += f"/{elsewhere}" if elsewhere != cell else ""
            cells.append(cell)
        return Line(route.name, method, tuple(cells))

    def answer(self, route, subject: str, method: str, address: str) -> str:
        with tables_changed() as changed:
            response = self.knock(subject, method, address)
        where = f"{subject} {method} {route.name}"
        missing = {name for name, value in HEADERS.items() if response.get(name) != value}
        assert not missing, f"{where}: without {missing}"
        assert "Content-Security-Policy" in response, where
        if subject != "anon" and "is_public" not in route.guards and route.name != LEAVING:
            assert "no-store" in response.get("Cache-Control", ""), f"{where}: may be cached"
        if method == "GET":
            allowed = OF_THE_VISIT | WRITES_BY_LOOKING.get(route.name, set())
            if route.name in NOTED_READING:
                allowed |= {"association_auditevent"}
            assert changed <= allowed, f"{where} writes {changed - allowed}"
        return _word(response)

    # -------------------------------------------------------------- what holds for all doors

    def test_a_method_that_no_view_takes_is_refused(self):
        wrong = []
        for route, _ in doors():
            if not route.is_ours or route.name not in self.addresses:
                continue
            for method in set(OTHER_METHODS) - set(route.methods):
                answer = self.knock("secret", method, self.addresses[route.name][0])
                if answer.status_code != 405:
                    wrong.append(f"{method} {route.name}: {answer.status_code}")
        assert wrong == []

    def test_a_form_without_its_token_is_refused(self):
        wrong = []
        for route, method in doors():
            if method != "POST" or route.name not in self.addresses:
                continue
            own = self.addresses[route.name][0]
            answer = self.knock("secret", "POST", own, strict=True)
            if answer.status_code != 403:
                wrong.append(f"{route.name}: {answer.status_code}")
        assert wrong == []

    def test_the_back_office_is_open_to_a_superuser_alone(self):
        wrong = []
        for route in routes():
            if not route.pattern.startswith("admin/") or "<" in route.pattern:
                continue
            address = reverse(route.name) if route.name != "admin:" else "/admin/none/"
            for subject in SUBJECTS:
                answer = self.knock(subject, "GET", address)
                is_open = answer.status_code == 200
                if is_open and subject != "super":
                    wrong.append(f"{subject} {route.name}")
        assert wrong == []
        assert self.knock("super", "GET", "/admin/").status_code == 200


def _word(response) -> str:
    if response.status_code == 302 and response.url.startswith(LOGIN):
        return "in"
    if response.status_code < 400 or response.status_code in ANSWERED:
        return "ok"
    return str(response.status_code)


def _walk_one(route, method: str):
    def test(self):
        assert route.name not in self.unknown, self.unknown[route.name]
        expected, found = lines().get((route.name, method)), self.measured(route, method)
        place = f"tests/architecture/policy/{file_of(route.name)}"
        if expected is None:
            pytest.fail(
                f"{place} has no line for {method} {route.name}. Read what the code does today "
                f"against accounts/roles.py; when it is right, add:\n\n{heading()}\n{found}\n"
            )
        if expected != found:
            pytest.fail(
                f"{place} says one thing, the code does another:\n\n{heading()}\n"
                f"{expected}   (the table)\n{found}   (the code)\n"
            )

    return test


for _route, _method in doors():
    _name = f"test_{_route.name.replace(':', '_')}_{_method.lower()}"
    setattr(Walk, _name, _walk_one(_route, _method))


def test_the_table_can_be_read():
    assert read()[1] == []


def test_the_table_has_no_line_for_a_door_that_is_gone():
    known = {(route.name, method) for route, method in doors()}
    assert sorted(set(lines()) - known) == []


def test_who_only_reads_and_who_has_no_role_changes_nothing():
    """Regulators and a superuser without a role get no POST but those of their own account."""
    found = {
        (line.route, subject)
        for line in lines().values()
        for subject in ("super", "regul")
        if line.method == "POST"
        and ":" in line.route
        and line.route not in OWN_ACCOUNT | NOTED_READING
        and line.cells[SUBJECTS.index("anon")] != "ok"  # a form of the public is theirs too
        and "ok" in line.cells[SUBJECTS.index(subject)]
    }
    assert found == set()


def test_no_shop_opens_the_record_of_another():
    """A record is open to the owner of another shop only where it is open to everybody."""
    with_record = {
        (route.name, method)
        for route, method in doors()
        if set(parameters_of(route)) - {"form", "kind"}  # which file is asked for, no record
    }
    found = [
        str(line)
        for key, line in lines().items()
        if key in with_record
        and line.cells[SUBJECTS.index("other")] == "ok"
        and line.cells[SUBJECTS.index("anon")] != "ok"
    ]
    assert found == []
