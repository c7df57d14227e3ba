"""Certificates as PDFs: the right words, fonts of our own, a small file."""

import io
import zipfile

import pytest
from django.urls import reverse
from pypdf import PdfReader

from accounts.roles import Role
from association import jobs
from association.files import open_for
from association.models import Job
from starrating import documents
from starrating.models import Award
from tests.factories.accounts import make_user
from tests.factories.members import owner_of
from tests.factories.starrating import AwardFactory

pytestmark = pytest.mark.django_db


def papers(*awards):
    return list(Award.objects.for_paper().filter(pk__in=[award.pk for award in awards]))


def text_of(pdf):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_certificate_names_shop_star_serial_and_the_law():
    award = AwardFactory(holder_name="示例大药房·新阳店")
    pdf = documents.certificates(papers(award))
    text = text_of(pdf)
    for words in ("示例大药房·新阳店", "四星", award.serial, "第九十条"):
        assert words in text
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    assert len(pdf) < 40_000


def test_what_paper_does_not_name_stays_in_the_database(django_assert_num_queries):
    """A scheme and a publicity text for each of many rows would be megabytes of JSON."""
    AwardFactory()
    AwardFactory()
    with django_assert_num_queries(1):
        awards = list(Award.objects.for_paper())
        documents.certificates(awards)
    result = awards[0].result
    file = result.assessment
    assert result.get_deferred_fields() == {"tree", "evidence"}
    assert file.get_deferred_fields() == {"sheet", "preview", "preview_evidence"}
    assert file.cycle.get_deferred_fields() == {"publicity_text"}
    assert file.cycle.scheme.get_deferred_fields() == {"document"}


def test_all_in_one_has_a_page_each_and_the_zip_a_file_each():
    awards = papers(AwardFactory(), AwardFactory())
    assert len(PdfReader(io.BytesIO(documents.certificates(awards))).pages) == 2
    archive = zipfile.ZipFile(io.BytesIO(documents.zipped(documents.certificate_files(awards))))
    assert archive.namelist() == [documents.file_name(award) for award in awards]
    assert archive.testzip() is None


@pytest.mark.parametrize("form", ["pdf", "zip"])
def test_the_worker_prints_all_and_keeps_the_file(client, form):
    award = AwardFactory()
    cycle = award.result.assessment.cycle
    client.force_login(make_user(Role.SECRETARIAT))
    client.post(reverse("starrating:print_certificates", args=[cycle.pk]), {"form": form})
    while jobs.run_due()[0]:
        pass
    job = Job.objects.get(kind="starrating.print_certificates")
    assert (job.state, job.result) == ("done", {"certificates": 1})
    assert open_for(job.result_file).read(4) == (b"%PDF" if form == "pdf" else b"PK\x03\x04")


def test_a_shop_downloads_its_own_certificate_and_no_other(client):
    own, other = AwardFactory(), AwardFactory()
    client.force_login(owner_of(own.pharmacy))
    answer = client.get(reverse("starrating:certificate", args=[own.pk]))
    assert answer["Content-Type"] == "application/pdf"
    foreign = reverse("starrating:certificate", args=[other.pk])
    assert client.get(foreign).status_code == 404
