from django.urls import path

from reports.views import cockpit, home, public

app_name = "reports"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("reports/cockpit/", cockpit.cockpit, name="cockpit"),
    # Public: what stands behind the codes on door, certificate and poster.
    path("s/<str:token>/", public.shop, name="shop"),
    path("v/<str:token>/", public.verify, name="verify"),
    path("stars/", public.stars, name="stars"),
    path("stars/how/", public.how, name="how"),
    path("seals/", public.seals, name="seals"),
    path("publicity/<int:pk>/", public.publicity, name="publicity"),
]
