"""One story through all rooms, by the doors alone: from the draft scheme to the scanned code."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.roles import Role
from association.default_content import working_days
from association.models import Job
from starrating.default_content import default_scheme
from starrating.models import Assessment, Award, Cycle, Scheme, StagedMarks
from tests.factories.accounts import make_user
from tests.factories.members import PharmacyFactory, owner_of
from tests.journeys.office import Office, filled_in
from tests.starrating.test_entry_views import fields
from tests.starrating.test_marks_views import handed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client, monkeypatch):
    return Office(client, monkeypatch)


def test_a_cycle_from_the_plan_to_the_code_on_the_certificate(office):
    client = office.client
    default_scheme(office.now)
    working_days(office.now)
    secretary, reviewer = make_user(Role.SECRETARIAT), make_user(Role.REVIEWER)
    adjudicator = make_user(Role.ADJUDICATOR)
    shops = [
        PharmacyFactory(name=name) for name in ("安泰示例药房", "百草示例药房", "长青示例药房")
    ]
    owners = [owner_of(shop) for shop in shops]

    # The scheme gets its legal frame.
    office.sit(secretary)
    scheme = Scheme.objects.get()
    page = office.read("starrating:schemes")
    assert reverse("starrating:publish", args=[scheme.pk]) in page
    page = office.click(
        page, "starrating:publish", scheme.pk,
        basis_title="示例理事会决议", basis_number="示例〔2026〕6号", organiser="示例协会",
        valid_from="2026-10-08", valid_to="2028-12-31", declares_no_fee="on",
    )  # fmt: skip
    assert "可以用它筹备周期" in page

    # A cycle is planned from what the form proposes, and opened.
    plan = client.get(reverse("starrating:plan")).context["form"].initial
    data = {name: getattr(value, "pk", value) for name, value in plan.items()}
    assert str(data["entry_closes_on"]) == "2026-11-07"
    page = client.post(reverse("starrating:plan"), data, follow=True).content.decode()
    cycle = Cycle.objects.get()
    page = office.click(page, "starrating:open", cycle.pk)
    assert "已为 3 家药店开出自评表" in page
    office.work()

    # Two owners fill and hand in, one does not wish to take part.
    cases = {case.pharmacy: case for case in Assessment.objects.select_related("cycle__scheme")}
    for owner, shop in zip(owners[:2], shops[:2], strict=True):
        office.sit(owner)
        assert "星级自评开始了" in office.read("desk:inbox")
        address = client.get(reverse("starrating:mine")).url
        assert address == reverse("starrating:fill", args=[cases[shop].pk])
        address = reverse("starrating:fill_part", args=[cases[shop].pk, "s1"])
        while "/fill/" in address:
            part = address.rstrip("/").rsplit("/", 1)[1]
            address = client.post(address, fields(cases[shop], part)).url
        client.post(address, {"is_truthful": "1"})
    office.sit(owners[2])
    page = office.read("starrating:fill", cases[shops[2]].pk)
    office.click(page, "starrating:decline", cases[shops[2]].pk, reason="准备搬迁")

    # Cases are shared out; one is returned, supplied and passed, the other passed.
    office.sit(secretary)
    page = office.read("starrating:review", cycle.pk)
    office.click(page, "starrating:share_out", cycle.pk)
    office.sit(reviewer)
    first, second = cases[shops[0]], cases[shops[1]]
    page = office.read("starrating:review", cycle.pk, case=first.pk)
    office.click(page, "starrating:decide", first.pk, decision="pass")
    page = office.read("starrating:review", cycle.pk, case=second.pk)
    office.click(page, "starrating:decide", second.pk, **{"decision": "return", "n-S05": "补照片"})
    office.sit(owners[1])
    assert "补照片" in office.read("starrating:fill_part", second.pk, "s2")
    page = office.read("starrating:check", second.pk)
    client.post(reverse("starrating:check", args=[second.pk]), {"is_truthful": "1"})
    office.sit(reviewer)
    page = office.read("starrating:review", cycle.pk, case=second.pk)
    office.click(page, "starrating:decide", second.pk, **{"decision": "pass", "v-S03": "2"})

    # Self-assessment ends by its day, not before.
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    assert "24:00 截止，还有 30 天" in page
    assert reverse("starrating:close_entry", args=[cycle.pk]) not in page
    office.on("2026-11-08")
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    page = office.click(page, "starrating:close_entry", cycle.pk)
    assert "进入评审" in page

    # Marks of the department and the public come by sheet.
    for kind in ("department", "public"):
        template = client.get(
            reverse("starrating:mark_template", args=[cycle.pk]), {"kind": kind}
        ).content
        sheet = handed_in(filled_in(template))
        answer = client.post(
            reverse("starrating:mark_upload", args=[cycle.pk]),
            {"kind": kind, "title": "汇总表", "document_number": "示例1号", "sheet": sheet},
        )
        staged = StagedMarks.objects.latest("pk")
        page = client.get(answer.url).content.decode()
        office.click(page, "starrating:mark_sheet_commit", staged.pk)

    # Rated by the worker; the figures stand on the page.
    page = office.read("starrating:cycle", cycle.pk)
    assert "3 家没有试评结果" in page
    page = office.click(page, "starrating:rate", cycle.pk)
    assert "正在试评" in page
    office.work()
    page = office.read("starrating:cycle", cycle.pk)
    assert "可以办质量审核第一签了" in page
    stars = dict(Assessment.objects.values_list("pharmacy__name", "preview_stars"))
    assert stars == {"安泰示例药房": 5, "百草示例药房": 5, "长青示例药房": None}

    # Two people sign.
    page = office.read("starrating:quality", cycle.pk)
    page = office.click(page, "starrating:sign_first", cycle.pk, note="汇总表已核对")
    assert "等复核员核对后第二签" in page
    office.sit(adjudicator)
    assert "质量审核第二签" in client.get("/").content.decode()
    page = office.read("starrating:quality", cycle.pk)
    sample = re.findall(r'name="checked" value="(\d+)"', page)
    for pk in sample:
        assert "为什么是这个结果" in office.read("starrating:detail", pk)
    office.click(page, "starrating:gate", cycle.pk, checked=sample)

    # Until here the shop has seen no draft; now it is told, with reasons and how to object.
    office.sit(owners[1])
    assert "结果还没有出来" in office.read("starrating:detail", second.pk)
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    assert "10 个工作日内可提异议" in page
    office.click(page, "starrating:notify", cycle.pk)
    office.work()
    last = Cycle.objects.get().objections_close_on
    assert str(last) == "2026-11-20"
    office.sit(owners[1])
    page = office.read("starrating:detail", second.pk)
    assert "99.0" in page
    assert "2 处不符合" in page
    assert "书面交协会秘书处" in page
    assert "星级评定结果告知" in office.read("desk:inbox")

    # Publicity after the days for objections, certificates after the publicity.
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    assert "异议期到 2026年11月20日" in page
    office.on(str(last + timedelta(days=1)))
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    office.click(page, "starrating:publicise", cycle.pk)
    client.logout()
    public = office.read("reports:publicity", cycle.pk)
    assert "安泰示例药房" in public
    assert "长青示例药房" not in public
    fresh = Cycle.objects.get()
    assert (str(fresh.publicity_starts_on), str(fresh.publicity_ends_on)) == (
        "2026-11-23",
        "2026-11-27",
    )
    office.on("2026-11-28")
    office.sit(secretary)
    page = office.read("starrating:cycle", cycle.pk)
    page = office.click(page, "starrating:finalise", cycle.pk)
    assert "生成 2 张证书" in page
    page = office.read("starrating:awards", cycle.pk)
    office.click(page, "starrating:print_certificates", cycle.pk, form="zip")
    office.work()
    assert Job.objects.get(kind="starrating.print_certificates").state == "done"

    # The owner takes the certificate, the customer scans its code in the new year.
    office.on("2027-01-05")
    award = Award.objects.get(pharmacy=shops[1])
    office.sit(owners[1])
    page = office.read("starrating:detail", second.pk)
    assert reverse("starrating:certificate", args=[award.pk]) in page
    paper = client.get(reverse("starrating:certificate", args=[award.pk]))
    assert paper.content.startswith(b"%PDF")
    client.logout()
    assert "证书有效" in office.read("reports:verify", award.token)
    assert "百草示例药房" in office.read("reports:stars")
