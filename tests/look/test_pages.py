"""The style guide, the 大字版 switch and the plain pages, as a browser without JavaScript asks."""

import pytest
from django.test import RequestFactory

from association import views
from association.styleguide import PAGES


@pytest.mark.parametrize("page", ["", *(f"{name}/" for name in PAGES)])
def test_the_style_guide_shows_itself_without_a_login(client, page):
    answer = client.get(f"/styleguide/{page}")
    assert answer.status_code == 200
    assert "<h1" in answer.content.decode()


def test_an_unknown_page_of_the_style_guide_is_not_found(client):
    assert client.get("/styleguide/nothing/").status_code == 404


def test_large_text_is_kept_by_a_cookie_and_taken_back_by_a_second_tap(client):
    answer = client.get("/large-text/", HTTP_REFERER="http://testserver/styleguide/phone/")
    assert answer.url == "http://testserver/styleguide/phone/"
    assert 'data-text="large"' in client.get("/styleguide/phone/").content.decode()
    client.get("/large-text/")
    assert 'data-text="large"' not in client.get("/styleguide/phone/").content.decode()


def test_large_text_never_sends_the_reader_to_another_site(client):
    assert client.get("/large-text/", HTTP_REFERER="https://evil.example/").url == "/"


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (lambda request: views.bad_request(request, ValueError()), 400, "这个请求不完整"),
        (lambda request: views.permission_denied(request, "只有秘书处能看"), 403, "只有秘书处能看"),
        (lambda request: views.page_not_found(request, None), 404, "没有这一页"),
        (lambda request: views.server_error(request), 500, "编号"),
        (lambda request: views.csrf_failure(request), 403, "放得太久"),
    ],
)  # fmt: skip
def test_a_plain_page_stands_without_database_or_session(answer, status, words):
    page = answer(RequestFactory().get("/anything/"))
    assert page.status_code == status
    assert words in page.content.decode()
