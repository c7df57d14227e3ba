"""All addresses of the portal: one line a room, by name."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from association import views

urlpatterns = [
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("large-text/", views.large_text, name="large_text"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("desk/", include("desk.urls")),
    path("members/", include("members.urls")),
    path("party/", include("party.urls")),
    path("pledges/", include("pledges.urls")),
    path("ratings/", include("starrating.urls")),
    path("", include("reports.urls")),
    path("activities/", include("activities.urls")),
    path("c/", include("activities.check_in_urls")),
    path("inspections/", include("inspections.urls")),
]

if settings.ADMIN_SITE:
    # Its own login page knows no limits and no second factor; ours does.
    admin.site.login = secure_admin_login(admin.site.login)
    urlpatterns += [path("admin/", admin.site.urls)]

if settings.PORTAL_MODE == "demo":
    urlpatterns += [
        path("styleguide/", views.styleguide, name="styleguide"),
        path("styleguide/<slug:page>/", views.styleguide, name="styleguide_page"),
    ]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler500 = views.server_error
