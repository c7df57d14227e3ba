from django.urls import path

from inspections import views

app_name = "inspections"

urlpatterns = [
    path("violations/", views.violations, name="violations"),
    path("violations/new/", views.prepare, name="prepare"),
    path("violations/<int:pk>/", views.detail, name="detail"),
    path("violations/<int:pk>/paper/", views.paper, name="paper"),
    path("violations/<int:pk>/amend/", views.amend, name="amend"),
    path("violations/<int:pk>/review/", views.review, name="review"),
    path("violations/<int:pk>/establish/", views.establish, name="establish"),
    path("violations/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("violations/<int:pk>/lift/", views.lift, name="lift"),
]
