"""Addresses of the site."""

from django.urls import include, path

from tests.relying.django_site import backchannel, views

urlpatterns = [
    path("", views.front),
    path("open", views.open_to_all),
    path("oidc/", include("mozilla_django_oidc.urls")),
    path("oidc/logged-out", backchannel.logged_out),
]
