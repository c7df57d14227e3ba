"""What the worker does for the rating room; every handler may run twice."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from association import files, jobs
from association.errors import BusinessRuleError
from association.models import Job
from starrating import documents
from starrating.actions.award import expire_due
from starrating.actions.notice import issue_and_tell
from starrating.actions.rating import BATCH, RATE_KIND, finish_rating, rate_batch
from starrating.models import Assessment, Award, Cycle

SLICE = timedelta(seconds=50)
HELP_ABOVE = 5 * BATCH


@jobs.handler(RATE_KIND, label="试评")
def rate_cycle(job, *, cycle_id, **_future) -> dict:
    """Rate every assessment of a cycle in batches; goes on where a slice ended.

    In a large cycle a second worker helps from the other end, until the two meet. Whatever
    becomes of it, this job goes on until nothing is left.
    """
    cycle = Cycle.objects.select_related("scheme").get(pk=cycle_id)
    pks = _assessments_of(cycle)
    if len(pks) > HELP_ABOVE:
        jobs.enqueue(
            "starrating.help_rating",
            key=f"{job.key}:help",
            payload={"cycle_id": cycle.pk, "job_id": job.pk, "last": pks[-1]},
            label=f"{job.label}（分担）",
            by=job.created_by,
            now=timezone.now(),
        )
    _rate_until_met(job, cycle, pks, Job.objects.filter(key=f"{job.key}:help"))
    finish_rating(cycle, now=timezone.now())
    return {"rated": len(pks)}


@jobs.handler("starrating.help_rating", label="试评（分担）")
def help_rating(job, *, cycle_id, job_id, last, **_future) -> dict:
    """Rate the same cycle from its end; rows that came later are left to the other."""
    cycle = Cycle.objects.select_related("scheme").get(pk=cycle_id)
    pks = [pk for pk in reversed(_assessments_of(cycle)) if pk <= last]
    _rate_until_met(job, cycle, pks, Job.objects.filter(pk=job_id))
    return {"rated": job.done_count}


def _assessments_of(cycle: Cycle) -> list[int]:
    return list(Assessment.objects.filter(cycle=cycle).order_by("pk").values_list("pk", flat=True))


def _rate_until_met(job, cycle: Cycle, pks: list[int], other) -> None:
    """Rate ``pks`` in their order until those that the ``other`` job has done begin."""
    started = timezone.now()
    done = job.done_count
    while done < (left := len(pks) - sum(other.values_list("done_count", flat=True))):
        batch = pks[done : done + BATCH]
        for pk, reason in rate_batch(cycle, batch, now=timezone.now()):
            name = Assessment.objects.select_related("pharmacy").get(pk=pk).pharmacy.name
            jobs.problem(job, name, reason)
        done += len(batch)
        jobs.progress(job, done, left)
        if timezone.now() - started > SLICE:
            raise jobs.NotYet
    jobs.progress(job, done, done)


@jobs.handler("starrating.issue_results", label="签发并告知")
def issue_results(job, *, cycle_id, user_id, at, **_future) -> dict:
    """Issue and tell shop by shop, each in a transaction of its own; a repeat finds the rest."""
    user, moment = User.objects.get(pk=user_id), datetime.fromisoformat(at)
    started = timezone.now()
    rows = Assessment.objects.filter(cycle=cycle_id)
    total = rows.count()
    waiting = rows.filter(results=None).select_related("pharmacy").order_by("pk")
    done = total - waiting.count()
    for assessment in waiting.iterator(chunk_size=500):
        try:
            issue_and_tell(assessment, by=user, now=moment)
        except BusinessRuleError as error:
            jobs.problem(job, assessment.pharmacy.name, str(error))
        done += 1
        if done % 20 == 0:
            jobs.progress(job, done, total, assessment.pharmacy.name)
        if timezone.now() - started > SLICE:
            raise jobs.NotYet
    jobs.progress(job, total, total)
    return {"issued": rows.exclude(results=None).count()}


@jobs.handler("starrating.print_certificates", label="生成星级证书")
def print_certificates(job, *, cycle_id, form, at, **_future) -> dict:
    """Print all certificates of a cycle into one file, kept as the result of the job."""
    awards = list(Award.objects.for_paper().filter(result__assessment__cycle=cycle_id))
    jobs.progress(job, 0, len(awards))
    if form == "zip":
        content = documents.zipped(_counted(job, documents.certificate_files(awards), len(awards)))
        kind = "application/zip"
    else:
        content, kind = documents.certificates(awards), documents.CONTENT_TYPE
    jobs.progress(job, len(awards), len(awards))
    job.result_file = files.keep(
        content,
        name=f"{job.label}.{form}",
        content_type=kind,
        by=job.created_by,
        now=datetime.fromisoformat(at),
    )
    job.save(update_fields=["result_file"])
    return {"certificates": len(awards)}


@jobs.periodic("starrating.expire_awards", label="关闭到期的证书", every=jobs.DAY, at=time(0, 10))
def expire_awards(job, **_future) -> dict:
    """Close the certificates whose last day is over, batch by batch."""
    now = timezone.now()
    count = expire_due(today=timezone.localdate(now), now=now)
    done = job.done_count + count
    jobs.progress(job, done)
    if count:
        raise jobs.NotYet
    return {"expired": done}


def _counted(job, named, total):
    """Pass the files on and store how far the printing has come."""
    for number, one in enumerate(named, 1):
        yield one
        if number % 10 == 0:
            jobs.progress(job, number, total, one[0])
