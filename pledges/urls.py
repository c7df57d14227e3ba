from django.urls import path

from pledges.views import campaigns, offers, public, signing, texts

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
    path("receipts/<str:token>/", public.verify, name="verify"),
    path("mandates/", offers.mandates, name="mandates"),
    path("mandates/<int:pk>/end/", offers.end_mandate, name="end_mandate"),
    path("mandates/<int:pk>/paper/", offers.mandate_paper, name="mandate_paper"),
    path("offers/<int:pk>/scan/", offers.scan, name="scan"),
    path("offers/<int:pk>/accept/", offers.accept, name="accept"),
    path("offers/<int:pk>/refuse/", offers.refuse, name="refuse"),
    path("offers/<int:pk>/confirm/", offers.confirm, name="confirm"),
    path("offers/<int:pk>/decline/", offers.decline, name="decline"),
    path("<int:pk>/draft/", signing.draft, name="draft"),
    path("<int:pk>/paper/", offers.paper, name="paper"),
    path("<int:pk>/hand-in/", offers.hand_in, name="hand_in"),
    path("<int:pk>/sign-for/", offers.sign_for, name="sign_for"),
    path("<int:pk>/receipt/", signing.receipt, name="receipt"),
    path("<int:pk>/receipt/issue/", signing.issue_receipt, name="issue_receipt"),
    path("<int:pk>/", signing.detail, name="detail"),
    path("<int:pk>/sign/", signing.sign, name="sign"),
]
