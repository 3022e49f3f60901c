"""Commands of whoever operates the service: ``serve``, ``worker``, ``migrate``, ``config`` and ``doctor``."""
