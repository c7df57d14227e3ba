from django.urls import path

from reports.views import cockpit, home, public

app_name = "reports"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("waiting/", home.waiting, name="waiting"),
    path("reports/cockpit/", cockpit.cockpit, name="cockpit"),
    path("reports/cockpit/export/", cockpit.export, name="cockpit_export"),
    path("reports/shops/<int:pk>/code/", home.door_code, name="door_code"),
    # Public: what stands behind the codes on door, certificate and poster.
    path("s/<str:token>/", public.shop, name="shop"),
    path("s/<str:token>/code/", public.code_picture, name="code_picture"),
    path("v/<str:token>/", public.verify, name="verify"),
    path("stars/", public.stars, name="stars"),
    path("stars/how/", public.how, name="how"),
    path("seals/", public.seals, name="seals"),
    path("publicity/<int:pk>/", public.publicity, name="publicity"),
]
