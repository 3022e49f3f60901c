"""What happened: one event per command, sign-in, refusal, token, session, key, setting, plan and run.

An event is written in the transaction of its effect; if it cannot be written, the effect does not happen. It names
persons and versions by id only, never a personal value: before and after are read through the versions the change
opened and closed. ``event`` holds the documented types, ``log`` writes and searches. Must not import anything above the
base layer.
"""
