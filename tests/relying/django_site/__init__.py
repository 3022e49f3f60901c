"""A minimal Django site that signs people in with mozilla-django-oidc; its parts are those of
docs/relying-party/django.md."""
