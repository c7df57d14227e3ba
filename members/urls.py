"""Addresses of the register."""

from django.urls import path

from members.views import exports, filters, imports, invitations, people, shops, units

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
    path("filters/save/", filters.save_filter, name="save_filter"),
    path("filters/<int:pk>/drop/", filters.drop_filter, name="drop_filter"),
    path("export/<str:form>/", exports.export, name="export"),
    path("import/", imports.import_list, name="imports"),
    path("import/templates/<str:kind>/", imports.template, name="import_template"),
    path("import/<int:pk>/", imports.import_batch, name="import"),
    path("import/<int:pk>/sheet/", imports.choose_sheet, name="import_sheet"),
    path("import/<int:pk>/header/", imports.choose_header, name="import_header"),
    path("import/<int:pk>/map/", imports.map_columns, name="import_map"),
    path("import/<int:pk>/remap/", imports.remap, name="import_remap"),
    path("import/<int:pk>/areas/", imports.add_areas, name="import_areas"),
    path("import/<int:pk>/check/", imports.check_again, name="import_check"),
    path("import/<int:pk>/commit/", imports.commit, name="import_commit"),
    path("import/<int:pk>/undo/", imports.undo, name="import_undo"),
    path("import/<int:pk>/discard/", imports.discard, name="import_discard"),
    path("import/<int:pk>/errors/", imports.errors, name="import_errors"),
    path("import/<int:pk>/original/", imports.original, name="import_original"),
    path("invitations/", invitations.sheets, name="invitations"),
    path("shops/<int:pk>/people/<int:position>/end/", people.end_at_shop, name="end_at_shop"),
]
