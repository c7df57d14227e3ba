from django.urls import path

from party.views import organisations

app_name = "party"

urlpatterns = [
    path("", organisations.index, name="index"),
]
