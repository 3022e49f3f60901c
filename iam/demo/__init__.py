"""The demonstration consortium: invented people and organisations, as the feed files real systems would send.

Owns: identity codes and other numbers that can never be real (``codes``), names, organisations, staff, pupils and
guardians, the writers of ``hr.csv``, ``oneroster/``, ``directory.ldif`` and ``consortium.yaml``, the table of people to
try, and a small relying application. Flow: ``generate`` -> ``catalogue`` and ``organisations`` -> ``staff`` (``named``,
``cases``) and ``families`` -> writers. Every choice is ``chance``: a hash of seed, stream and index, so that the same
arguments give the same bytes and one more person changes nobody else. Who somebody is never depends on the day; when
something holds does.

Must not import: anything of ``iam`` but itself. It knows the feeds only, never the tables they end in.
"""
