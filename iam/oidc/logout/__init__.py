"""Logout: ends a login session at an application's request, and tells every application that the session had been used
for.

``end_session`` ends, ``token`` says it, ``backchannel`` delivers it through the outbox, ``undelivered`` lists what did
not arrive.
"""
