"""Looking at the register in the back office: for rescue, read-only; acts go through the portal."""

from django.contrib import admin

from members.models import MemberUnit, Pharmacy, Position, Tenure


class ReadOnlyAdmin(admin.ModelAdmin):
    """Everything can be seen, nothing changed: a change here would leave no audit line."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(MemberUnit)
class MemberUnitAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "credit_code"]
    search_fields = ["=credit_code", "name_folded__startswith"]


@admin.register(Pharmacy)
class PharmacyAdmin(ReadOnlyAdmin):
    list_display = ["name", "unit", "licence_number", "status"]
    list_select_related = ["unit"]
    search_fields = ["=licence_number", "name_folded__startswith"]


@admin.register(Tenure)
class TenureAdmin(ReadOnlyAdmin):
    list_display = ["pharmacy", "unit", "starts_on", "ends_on"]
    list_select_related = ["pharmacy", "unit"]


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ["user", "role", "unit", "pharmacy", "starts_on", "ends_on"]
    list_select_related = ["user", "unit", "pharmacy"]
