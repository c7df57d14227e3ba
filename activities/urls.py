from django.urls import path

from activities import views

app_name = "activities"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.record, name="record"),
    path("oblige/", views.oblige, name="oblige"),
    path("periods/<int:pk>/", views.period, name="period"),
    path("papers/<int:pk>/", views.paper, name="paper"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/amend/", views.amend, name="amend"),
    path("<int:pk>/attend/", views.attend, name="attend"),
    path("<int:pk>/strike/", views.strike, name="strike"),
    path("<int:pk>/attach/", views.attach, name="attach"),
    path("<int:pk>/verify/", views.verify, name="verify"),
    path("<int:pk>/revoke/", views.revoke, name="revoke"),
    path("<int:pk>/discard/", views.discard, name="discard"),
]
