from django.urls import path

from pledges.views import campaigns, public, signing, texts

app_name = "pledges"

urlpatterns = [
    path("", campaigns.index, name="index"),
    path("wall/", public.wall, name="wall"),
    path("wall/<str:token>/", public.wall_shop, name="wall_shop"),
    path("campaigns/new/", campaigns.open_campaign, name="open"),
    path("campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<int:pk>/invite/", campaigns.invite, name="invite"),
    path("campaigns/<int:pk>/remind/", campaigns.remind, name="remind"),
    path("texts/<int:pk>/", texts.text, name="text"),
    path("texts/<int:pk>/draw-up/", texts.draw_up, name="draw_up"),
    path("texts/<int:pk>/edit/", texts.edit_text, name="edit_text"),
    path("texts/<int:pk>/discard/", texts.discard_text, name="discard_text"),
    path("<int:pk>/remind/", campaigns.remind_one, name="remind_one"),
    path("<int:pk>/", signing.detail, name="detail"),
    path("<int:pk>/sign/", signing.sign, name="sign"),
]
