"""OneRoster 1.2 Rostering over REST (1EdTech REST/JSON binding 1.2): the same records as a CSV bundle gives.

Only https, but to this computer itself; the certificate is verified, no redirect is followed, no proxy is used, and
every answer has an end in bytes and in seconds, because a server that drips outlasts every socket timeout. A list is
read to a proved end: as many different objects as ``X-Total-Count`` says, the same number on every page.

Flow: ``settings`` → ``failure`` (what went wrong with a request, in words) → ``client`` (token, trying
again) → ``pages`` (a whole collection) → ``objects`` (JSON to the columns of a bundle's file) → ``items`` (records)
→ ``reading``. Changes are asked by ``dateLastModified`` since the ``checkpoint``, which rests on our own clock.
Academic sessions and courses are not asked for: nothing is known by them.
"""
