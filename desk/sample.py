"""The demo's association: its profile, and the first-run set-up finished."""

from django.utils import timezone

from association import sample
from desk import actions, queries


@sample.chapter(15, "协会资料")
def association(story: sample.Story) -> None:
    """What the association says about itself, entered on the day after the accounts."""
    by, now = story.user("secretary"), story.days_ago(359)
    actions.save_profile(
        name="示例区药品经营行业协会",
        short_name="示例区药品经营行业协会",
        address="示例区示例路1号",
        contact_phone="000-6000000",
        complaint_phone="12315",
        certificate_signer="示例区药品经营行业协会",
        certificate_number_pattern="{year}-{number:04}",
        filings_footer="",
        by=by,
        now=now,
    )
    today = timezone.localdate(story.now)
    if all(step.is_done for step in queries.set_up_steps(today)):
        actions.finish_set_up(by=by, now=now)
