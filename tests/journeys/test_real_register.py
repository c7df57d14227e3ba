"""A real register of 166 shops, from the sheet into the portal to 166 certificates.

The names are those of the public list in tests/data/pharmacies; every answer, mark and score is
made up by dice here and stands nowhere else.
"""

import io
import random
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils.html import escape
from pypdf import PdfReader

from accounts.models import User
from accounts.roles import Role
from association.default_content import working_days
from association.models import Job
from members.models import ImportBatch, Pharmacy, Position
from starrating.actions import entry, review
from starrating.default_content import default_scheme
from starrating.models import Assessment, Award, Cycle, Result, Scheme, StagedMarks
from tests.factories.accounts import make_user
from tests.factories.starrating import best_answers
from tests.journeys.office import Office, best_mark, filled_in

pytestmark = pytest.mark.django_db
REGISTER = (
    Path(__file__).parents[1] / "data" / "pharmacies" / "cn_guangzhou_mask_pharmacies_2020.csv"
)
SHOPS = 166
AT_THE_PAGES = 8  # so many owners and cases go over the pages, the others by the same acts
PASSWORD = "一句好记的话 2026"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def office(client, monkeypatch):
    return Office(client, monkeypatch)


def paper_of(client, kind: str) -> PdfReader:
    """The PDF that the job of ``kind`` has left, as the office downloads it."""
    job = Job.objects.get(kind=kind)
    answer = client.get(reverse("desk:job_result", args=[job.pk]))
    return PdfReader(io.BytesIO(answer.getvalue()))


def answers_of(scheme: Scheme, dice: random.Random) -> dict[str, str]:
    """What an owner answers: mostly full points, a few things amiss."""
    methods = {item.code: item.method for item in scheme.rules.items}
    return {
        code: "1" if methods[code] == "deduct" and dice.random() < 0.3 else best
        for code, best in best_answers(scheme).items()
    }


def typed(answers: dict[str, str], items) -> dict[str, str]:
    """The boxes of one part of the form; a count of so many comes in two."""
    boxes = {}
    for code in items:
        actual, _, due = answers[code].partition("/")
        boxes |= {f"{code}-actual": actual, f"{code}-due": due} if due else {code: actual}
    return boxes


def test_the_real_register_is_imported_rated_and_gets_its_certificates(office):
    client, dice = office.client, random.Random(166)
    default_scheme(office.now)
    working_days(office.now)
    secretary, adjudicator = make_user(Role.SECRETARIAT), make_user(Role.ADJUDICATOR)
    reviewers = [make_user(Role.REVIEWER), make_user(Role.REVIEWER)]

    # The sheet goes in: columns, sub-districts, preview, write; a second time it changes nothing.
    office.sit(secretary)
    content = REGISTER.read_bytes()
    for turn in ("first", "again"):
        sheet = SimpleUploadedFile("名册.csv", content)
        client.post(reverse("members:imports"), {"kind": "shops", "file": sheet})
        batch = ImportBatch.objects.latest("pk")
        if turn == "first":
            columns = {f"column-{at}": c for c, places in batch.mapping.items() for at in places}
            address = reverse("members:import_map", args=[batch.pk])
            page = client.post(address, {"source": "公开名册", **columns}, follow=True)
            page = office.click(page.content.decode(), "members:import_areas", batch.pk)
            batch.refresh_from_db()
            office.click(page, "members:import_commit", batch.pk, digest=batch.digest)
            office.work()
    assert "没有要写入的行" in office.read("members:import", batch.pk)
    assert Pharmacy.objects.count() == SHOPS

    # Every shop gets its slip; one owner opens the link on it and sets a password.
    assert str(SHOPS) in office.read("members:invitations")
    client.post(reverse("members:invitations"))
    office.work()
    slips = paper_of(client, "members.print_invitations")
    links = re.findall(r"/accounts/join/[\w-]+/", "".join(slips.pages[0].extract_text().split()))
    assert (len(slips.pages), len(links)) == (42, 4)
    client.logout()
    assert "设置密码" in client.get(links[0]).content.decode()
    client.post(links[0], {"password": PASSWORD, "again": PASSWORD})
    opened = User.objects.exclude(password__startswith="!").get(positions__isnull=False)
    answer = client.post(
        reverse("account_login"), {"login": opened.username, "password": PASSWORD}, follow=True
    )
    assert answer.context["user"] == opened
    positions = Position.objects.select_related("user")
    owners = {position.pharmacy_id: position.user for position in positions}
    assert len(owners) == SHOPS

    # The scheme comes into force, the cycle opens for everybody.
    office.sit(secretary)
    scheme = Scheme.objects.get()
    page = office.read("starrating:schemes")
    office.click(
        page, "starrating:publish", scheme.pk,
        basis_title="示例理事会决议", basis_number="示例〔2026〕6号", organiser="示例协会",
        valid_from="2026-10-08", valid_to="2028-12-31", declares_no_fee="on",
    )  # fmt: skip
    plan = client.get(reverse("starrating:plan")).context["form"].initial
    data = {name: getattr(value, "pk", value) for name, value in plan.items()}
    page = client.post(reverse("starrating:plan"), data, follow=True).content.decode()
    cycle = Cycle.objects.get()
    page = office.click(page, "starrating:open", cycle.pk)
    assert f"已为 {SHOPS} 家药店开出自评表" in page
    office.work()

    # 166 owners fill six parts each and hand in.
    cases = list(Assessment.objects.select_related("cycle__scheme").order_by("pk"))
    for case in cases[:AT_THE_PAGES]:
        answers = answers_of(scheme, dice)
        office.sit(owners[case.pharmacy_id])
        for part in scheme.rules.sections:
            address = reverse("starrating:fill_part", args=[case.pk, part.code])
            client.post(address, typed(answers, part.items))
        client.post(reverse("starrating:check", args=[case.pk]), {"is_truthful": "1"})
    for case in cases[AT_THE_PAGES:]:
        owner, answers = owners[case.pharmacy_id], answers_of(scheme, dice)
        saved = entry.save_answers(case, answers=answers, by=owner, now=office.now)
        assert saved.problems == {}
        entry.submit(saved.assessment, by=owner, now=office.now)
    assert set(Assessment.objects.values_list("state", flat=True)) == {"submitted"}

    # The cases are shared out and passed by two reviewers.
    office.sit(secretary)
    page = office.read("starrating:review", cycle.pk)
    page = office.click(page, "starrating:share_out", cycle.pk)
    assert f"已分派 {SHOPS} 家" in page
    for reviewer in reviewers:
        office.sit(reviewer)
        mine = Assessment.objects.filter(assignments__reviewer=reviewer)
        assert mine.count() == SHOPS // 2
        for place, case in enumerate(mine.order_by("pk")):
            if place < AT_THE_PAGES:
                client.post(reverse("starrating:decide", args=[case.pk]), {"decision": "pass"})
            else:
                review.pass_(case, by=reviewer, now=office.now)
    assert set(Assessment.objects.values_list("state", flat=True)) == {"reviewed"}

    # After the last day the marks of department and public come by sheet.
    office.on("2026-11-08")
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    office.click(page, "starrating:close_entry", cycle.pk)

    def mark(code: str, heading: str) -> str:
        return "1" if "处数" in heading and dice.random() < 0.2 else best_mark(code, heading)

    for kind in ("department", "public"):
        template = client.get(
            reverse("starrating:mark_template", args=[cycle.pk]), {"kind": kind}
        ).content
        sheet = SimpleUploadedFile("评分表.xlsx", filled_in(template, mark), content_type=XLSX)
        answer = client.post(
            reverse("starrating:mark_upload", args=[cycle.pk]),
            {"kind": kind, "title": "汇总表", "document_number": "示例1号", "sheet": sheet},
        )
        page = client.get(answer.url).content.decode()
        staged = StagedMarks.objects.latest("pk")
        page = office.click(page, "starrating:mark_sheet_commit", staged.pk)
        assert f"{SHOPS} 家药店" in page

    # Rated, signed by two, told, publicised, awarded.
    page = office.read("starrating:cycle", cycle.pk)
    office.click(page, "starrating:rate", cycle.pk)
    office.work()
    page = office.read("starrating:quality", cycle.pk)
    office.click(page, "starrating:sign_first", cycle.pk, note="")
    office.sit(adjudicator)
    page = office.read("starrating:quality", cycle.pk)
    sample = re.findall(r'name="checked" value="(\d+)"', page)
    office.click(page, "starrating:gate", cycle.pk, checked=sample)
    office.sit(secretary)
    office.click(office.read("starrating:cycle", cycle.pk), "starrating:notify", cycle.pk)
    office.work()
    assert Result.objects.filter(status="rated").count() == SHOPS
    office.on("2026-11-21")
    office.sit(secretary)
    office.click(office.read("starrating:cycle", cycle.pk), "starrating:publicise", cycle.pk)
    public = office.read("reports:publicity", cycle.pk)
    names = Pharmacy.objects.values_list("name", flat=True)
    assert [name for name in names if escape(name) not in public] == []
    office.on("2026-11-28")
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    page = office.click(page, "starrating:finalise", cycle.pk)
    assert f"生成 {SHOPS} 张证书" in page

    # One paper for each shop, all in one file, each with its own serial.
    page = office.read("starrating:awards", cycle.pk)
    office.click(page, "starrating:print_certificates", cycle.pk, form="pdf")
    office.work()
    papers = paper_of(client, "starrating.print_certificates")
    serials = list(Award.objects.order_by("serial").values_list("serial", flat=True))
    assert (len(papers.pages), len(set(serials))) == (SHOPS, SHOPS)
    for place in (0, SHOPS // 2, SHOPS - 1):
        assert serials[place] in papers.pages[place].extract_text()

    # Every star can be reckoned again from what was frozen with it.
    out = io.StringIO()
    call_command("verify_ratings", stdout=out)
    assert f"复算 {SHOPS} 份结果，全部与签发时一致" in out.getvalue()
