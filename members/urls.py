"""Addresses of the register."""

from django.urls import path

from members.views import invitations, people, shops, units

app_name = "members"
urlpatterns = [
    path("", shops.shop_list, name="list"),
    path("mine/", shops.mine, name="mine"),
    path("units/", units.unit_list, name="units"),
    path("units/add/", units.add_unit, name="add_unit"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("units/<int:pk>/change/", units.change_unit, name="change_unit"),
    path("units/<int:pk>/shops/add/", shops.add_shop, name="add_shop"),
    path("units/<int:pk>/people/<int:position>/end/", people.end_at_unit, name="end_at_unit"),
    path("shops/<int:pk>/", shops.shop, name="shop"),
    path("shops/<int:pk>/change/", shops.change_shop, name="change_shop"),
    path("shops/<int:pk>/pause/", shops.pause, name="pause"),
    path("shops/<int:pk>/close/", shops.close, name="close"),
    path("shops/<int:pk>/reopen/", shops.reopen, name="reopen"),
    path("shops/<int:pk>/move/", shops.move, name="move"),
    path("shops/<int:pk>/invite/", invitations.invite_to_shop, name="invite_to_shop"),
    path("shops/<int:pk>/invite-owner/", invitations.invite_owner, name="invite_owner"),
    path("units/<int:pk>/invite/", invitations.invite_to_unit, name="invite_to_unit"),
    path("invitations/", invitations.sheets, name="invitations"),
    path("shops/<int:pk>/people/<int:position>/end/", people.end_at_shop, name="end_at_shop"),
]
