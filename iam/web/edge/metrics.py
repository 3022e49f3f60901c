"""Measures for Prometheus: requests by endpoint, status and time; sign-ins by way and result. No personal value is a
label."""

from __future__ import annotations

import time

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

REQUESTS = Counter("avain_requests_total", "Requests answered.", ("endpoint", "method", "status"))
SECONDS = Histogram(
    "avain_request_seconds",
    "Time to answer, in seconds.",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
SIGN_INS = Counter("avain_sign_ins_total", "Attempts to sign in.", ("way", "result"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def init(app: Flask) -> None:
    """Measure every request of ``app``."""
    app.before_request(_start)
    app.after_request(_observe)


def _start() -> None:
    g.started = time.perf_counter()


def _observe(response: Response) -> Response:
    # An address that does not exist has no endpoint: all of them share one label, so that probing cannot fill the
    # memory.
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(endpoint, method, str(response.status_code)).inc()
    SECONDS.labels(endpoint).observe(time.perf_counter() - g.get("started", time.perf_counter()))
    return response
