"""Addresses of the desk."""

from django.urls import path

from desk import views

app_name = "desk"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read_all"),
    path("inbox/<int:pk>/", views.message, name="message"),
    path("jobs/", views.job_list, name="jobs"),
    path("jobs/<int:pk>/", views.job, name="job"),
    path("jobs/<int:pk>/cancel/", views.cancel_job, name="cancel_job"),
    path("jobs/<int:pk>/retry/", views.retry_job, name="retry_job"),
    path("jobs/<int:pk>/result/", views.job_result, name="job_result"),
    path("set-up/", views.set_up, name="set_up"),
    path("association/", views.association, name="association"),
    path("mark/", views.mark, name="mark"),
    path("areas/", views.areas, name="areas"),
    path("areas/add/", views.add_area, name="add_area"),
    path("areas/<int:pk>/", views.change_area, name="change_area"),
    path("working-days/", views.working_days, name="working_days"),
    path("working-days/import/", views.import_working_days, name="import_working_days"),
    path("help/", views.help_, name="help"),
    path("release-notes/", views.release_notes, name="release_notes"),
    path("audit/", views.audit_trail, name="audit"),
]
