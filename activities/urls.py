from django.urls import path

from activities.views import (
    batches,
    calendar,
    check_in,
    duties,
    feeds,
    meetings,
    phone,
    planning,
    records,
)

app_name = "activities"

urlpatterns = [
    # The calendar of the office; for a shop its own activities.
    path("", calendar.index, name="index"),
    path("agenda/", calendar.agenda, name="agenda"),
    path("matrix/", calendar.completion, name="matrix"),
    path("ledger/", calendar.print_ledger, name="ledger"),
    path("due/", calendar.due, name="radar"),
    path("oblige/", calendar.oblige, name="oblige"),
    path("periods/<int:pk>/", calendar.period, name="period"),
    # The rules.
    path("duties/", duties.duties, name="duties"),
    path("duties/<int:pk>/", duties.duty, name="duty"),
    path("duties/<int:pk>/change/", duties.change_rule, name="change_rule"),
    path("duties/<int:pk>/drop/", duties.drop_change, name="drop_change"),
    # The plan.
    path("plan/", planning.plan, name="plan"),
    path("plan/draft/", planning.draft, name="draft"),
    path("plan/fix/", planning.fix, name="fix"),
    path("plan/versions/<int:pk>/", planning.version, name="version"),
    path("schedule/", planning.schedule, name="schedule"),
    path("<int:pk>/change/", planning.change, name="change"),
    path("<int:pk>/publish/", planning.publish, name="publish"),
    path("<int:pk>/cancel/", planning.cancel, name="cancel"),
    path("<int:pk>/restore/", planning.restore, name="restore"),
    # The record.
    path("records/", records.record_list, name="records"),
    path("records/verify/", records.verify_many, name="verify_many"),
    path("joint/", records.joint, name="joint"),
    path("new/", records.record, name="record"),
    path("batch/", batches.batch, name="batch"),
    path("papers/<int:pk>/", records.paper, name="paper"),
    path("<int:pk>/", records.detail, name="detail"),
    path("<int:pk>/hold/", records.hold, name="hold"),
    path("<int:pk>/amend/", records.amend, name="amend"),
    path("<int:pk>/attend/", records.attend, name="attend"),
    path("<int:pk>/strike/", records.strike, name="strike"),
    path("<int:pk>/attach/", records.attach, name="attach"),
    path("<int:pk>/verify/", records.verify, name="verify"),
    path("<int:pk>/revoke/", records.revoke, name="revoke"),
    path("<int:pk>/discard/", records.discard, name="discard"),
    # Signing up and checking in.
    path("<int:pk>/sign-up/", phone.sign_up, name="sign_up"),
    path("<int:pk>/sign-up-for/", records.sign_up_for, name="sign_up_for"),
    path("sign-ups/<int:pk>/withdraw/", phone.withdraw, name="withdraw"),
    path("sign-ups/<int:pk>/accept/", phone.accept, name="accept"),
    path("<int:pk>/screen/", check_in.screen, name="screen"),
    path("<int:pk>/tick/", check_in.tick, name="tick"),
    # Meetings of the association.
    path("meetings/", meetings.meetings, name="meetings"),
    path("meetings/convene/", meetings.convene, name="convene"),
    path("<int:pk>/minutes/", meetings.minutes, name="minutes"),
    path("<int:pk>/minutes/paper/", meetings.minutes_paper, name="minutes_paper"),
    path("action-items/<int:pk>/", meetings.action_item, name="action_item"),
    path("action-items/<int:pk>/finish/", meetings.finish_item, name="finish_item"),
    path("action-items/<int:pk>/reopen/", meetings.reopen_item, name="reopen_item"),
    path("action-items/<int:pk>/drop/", meetings.drop_item, name="drop_item"),
    path("action-items/<int:pk>/hand-on/", meetings.hand_item_on, name="hand_item_on"),
    # Calendars on the phone.
    path("subscribe/", feeds.subscribe, name="subscribe"),
    path("ics/public/", feeds.public_feed, name="public_feed"),
    path("ics/<int:feed>/<slug:token>/", feeds.private_feed, name="private_feed"),
    path("feeds/open/", feeds.open_feed, name="open_feed"),
    path("feeds/<int:pk>/renew/", feeds.renew_feed, name="renew_feed"),
    path("feeds/<int:pk>/close/", feeds.close_feed, name="close_feed"),
]
