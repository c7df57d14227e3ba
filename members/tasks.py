"""What the worker does for the register."""

from django.contrib.auth import get_user_model
from django.utils import timezone

from association import files, jobs
from members import actions, documents
from members.models import Pharmacy


@jobs.handler("members.print_invitations", label="生成邀请单")
def print_invitations(job, *, shops, organisation, user_id, **_future) -> dict:
    """Make links for the owners of ``shops`` and one PDF of their slips.

    The links are known only while they are made, so that links and slips belong to one slice;
    a repeat makes new links and a new PDF, and the first sheets stop working.
    """
    by = get_user_model().objects.get(pk=user_id)
    now = timezone.now()
    found = Pharmacy.objects.select_related("unit").on_register().filter(pk__in=shops)
    slips, open_already = [], 0
    for done, shop in enumerate(found.order_by("area__order", "name_sort", "pk"), start=1):
        invited = actions.invite_owner(shop, by=by, now=now)
        if invited.token:
            slips.append(documents.slip(shop, invited))
        else:
            open_already += 1
        if done % 20 == 0:
            jobs.progress(job, done, len(shops), shop.name)
    if slips:
        stored = files.keep(
            documents.invitations_pdf(slips, organisation=organisation),
            name=f"邀请单 {timezone.localdate(now)} {len(slips)}家.pdf",
            content_type="application/pdf",
            by=by,
            now=now,
        )
        job.result_file_id = stored.pk
    jobs.progress(job, len(shops), len(shops))
    return {"sheets": len(slips), "open_already": open_already}
