"""Addresses of the desk."""

from django.urls import path

from desk.views import channels, messages, office, reminders

app_name = "desk"
urlpatterns = [
    path("inbox/", office.inbox, name="inbox"),
    path("inbox/read/", office.read_all, name="read_all"),
    path("inbox/<int:pk>/", office.message, name="message"),
    path("messages/", messages.log, name="messages"),
    path("messages/<int:pk>/", messages.delivery, name="delivery"),
    path("messages/<int:pk>/retry/", messages.retry, name="retry_delivery"),
    path("messages/parked/", messages.parked, name="parked"),
    path("messages/parked/<str:channel>/retry/", messages.retry_parked, name="retry_parked"),
    path("messages/held/", messages.held, name="held"),
    path("messages/held/<int:pk>/", messages.held_message, name="held_message"),
    path("messages/held/<int:pk>/release/", messages.release, name="release"),
    path("messages/held/<int:pk>/drop/", messages.drop, name="drop"),
    path("rules/", reminders.rules, name="rules"),
    path("rules/add/", reminders.add_rule, name="add_rule"),
    path("rules/<int:pk>/", reminders.rule, name="rule"),
    path("rules/day/", reminders.who_hears_what, name="who_hears_what"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<str:channel>/", channels.channel, name="channel"),
    path("channels/<str:channel>/try/", channels.try_channel, name="try_channel"),
    path("preferences/", channels.preferences, name="preferences"),
    path("unsubscribe/<str:token>/", channels.unsubscribe, name="unsubscribe"),
    path("jobs/", office.job_list, name="jobs"),
    path("jobs/<int:pk>/", office.job, name="job"),
    path("jobs/<int:pk>/cancel/", office.cancel_job, name="cancel_job"),
    path("jobs/<int:pk>/retry/", office.retry_job, name="retry_job"),
    path("jobs/<int:pk>/result/", office.job_result, name="job_result"),
    path("set-up/", office.set_up, name="set_up"),
    path("association/", office.association, name="association"),
    path("mark/", office.mark, name="mark"),
    path("areas/", office.areas, name="areas"),
    path("areas/add/", office.add_area, name="add_area"),
    path("areas/<int:pk>/", office.change_area, name="change_area"),
    path("working-days/", office.working_days, name="working_days"),
    path("working-days/import/", office.import_working_days, name="import_working_days"),
    path("help/", office.help_, name="help"),
    path("release-notes/", office.release_notes, name="release_notes"),
    path("audit/", office.audit_trail, name="audit"),
]
