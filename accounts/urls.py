"""Addresses of people and roles; login and second factor are allauth's."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("workspace/", views.switch_workspace, name="workspace"),
    path("join/<str:token>/", views.join, name="join"),
    path("people/", views.people, name="people"),
    path("people/add/", views.add_person, name="add_person"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/invite/", views.invite, name="invite"),
    path("people/<int:pk>/invite/revoke/", views.revoke_invitation, name="revoke_invitation"),
    path("people/<int:pk>/link/", views.link, name="link"),
    path("people/<int:pk>/phone/", views.change_phone, name="change_phone"),
    path("people/<int:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("people/<int:pk>/reactivate/", views.reactivate, name="reactivate"),
    path("people/<int:pk>/roles/propose/", views.propose_role, name="propose_role"),
    path("grants/<int:pk>/confirm/", views.confirm_role, name="confirm_role"),
    path("grants/<int:pk>/revoke/", views.revoke_role, name="revoke_role"),
]
