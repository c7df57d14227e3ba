"""All addresses of the portal: one line a room, by name."""

from django.contrib import admin
from django.urls import include, path

from association import views

urlpatterns = [
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]
