"""Which session of the site came from which login session at the provider."""

from django.db import models


class SignIn(models.Model):
    """A session of this site and the ``sid`` of the ID token it began with."""

    session_key = models.CharField(max_length=40, primary_key=True)
    sid = models.CharField(max_length=255, db_index=True)

    class Meta:
        app_label = "django_site"
