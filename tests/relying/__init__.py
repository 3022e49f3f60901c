"""Relying parties made by others, driven against the service: npm openid-client by the scripts here, Django by
``django_site``."""
