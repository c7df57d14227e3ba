"""The short addresses of checking in: what stands in the picture must be easy to scan."""

from django.urls import path

from activities.views import check_in

app_name = "check_in"

urlpatterns = [
    path("", check_in.code, name="code"),
    path("here/", check_in.here, name="here"),
    path("<slug:token>/", check_in.scanned, name="scanned"),
]
