from django.urls import path

from pledges import views

app_name = "pledges"

urlpatterns = [
    path("", views.index, name="index"),
    path("wall/", views.wall, name="wall"),
    path("wall/<str:token>/", views.wall_shop, name="wall_shop"),
    path("campaigns/new/", views.open_campaign, name="open"),
    path("campaigns/<int:pk>/", views.campaign, name="campaign"),
    path("campaigns/<int:pk>/invite/", views.invite, name="invite"),
    path("campaigns/<int:pk>/remind/", views.remind, name="remind"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/sign/", views.sign, name="sign"),
]
