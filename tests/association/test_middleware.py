"""What surrounds a request: its number, its line, and what happens when it cannot be served."""

import logging

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from association.middleware import refusals
from association.working_days import UnknownYearError
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def test_the_number_of_the_proxy_goes_through_and_anything_else_is_replaced(client):
    given = client.get("/livez", headers={"X-Request-ID": "0f9d2c1a-77"})
    forged = client.get("/livez", headers={"X-Request-ID": 'x" injected'})

    assert given.headers["X-Request-ID"] == "0f9d2c1a-77"
    assert len(forged.headers["X-Request-ID"]) == 16


def test_a_page_leaves_one_line_that_names_the_pattern_and_the_person(client, caplog):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)

    with caplog.at_level(logging.INFO, "portal.request"):
        client.get(reverse("accounts:person", args=[user.pk]))

    lines = [record for record in caplog.records if record.name == "portal.request"]
    assert [(line.message, line.route, line.status, line.user) for line in lines] == [
        ("GET", "accounts/people/<int:pk>/", 200, str(user.pk))
    ]


def test_a_probe_that_went_well_leaves_no_line(client, caplog):
    with caplog.at_level(logging.INFO, "portal.request"):
        client.get("/livez")
    assert caplog.records == []


def test_a_body_in_a_strange_charset_is_refused_and_breaks_nothing():
    client = Client(enforce_csrf_checks=True)
    client.get(reverse("account_login"))
    answer = client.post(
        reverse("account_login"),
        "login=+AGE-",
        content_type="application/x-www-form-urlencoded; charset=utf-7",
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"], ids=["NUL", "half a surrogate pair"])
def test_characters_that_no_text_can_hold_are_refused_in_an_address_and_in_a_form(client, text):
    client.force_login(make_user(Role.SECRETARIAT))
    sent = "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))

    listed = client.get(reverse("members:list") + f"?q={sent}")
    posted = client.post(
        reverse("desk:read_all"), f"next={sent}", content_type="application/x-www-form-urlencoded"
    )

    # The bytes of half a pair are no UTF-8: Django has put a replacement character in their place.
    refused = 400 if text == "a\x00b" else 200
    assert listed.status_code == refused
    assert (posted.status_code == 400) is (refused == 400)


def test_while_the_database_is_away_a_page_says_so_and_when_to_come_back():
    def refuse(*_statement):
        raise OperationalError("server closed the connection unexpectedly")

    client = Client(raise_request_exception=False)
    with connection.execute_wrapper(refuse):
        answer = client.get(reverse("reports:stars"))
        ready, alive = client.get("/readyz"), client.get("/livez")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "请过一分钟再试" in answer.content.decode()
    assert (ready.status_code, alive.status_code) == (503, 200)


def test_a_refusal_that_no_view_has_caught_is_a_sentence_and_no_failure(rf):
    around = refusals(lambda request: None)
    answer = around.process_exception(rf.get("/"), UnknownYearError(2031))

    assert answer.status_code == 409
    assert "2031 年的节假日安排还没有录入" in answer.content.decode()
    assert around.process_exception(rf.get("/"), ValueError()) is None
