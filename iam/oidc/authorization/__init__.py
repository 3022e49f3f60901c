"""An authorization request on its way: what it asks, which step comes next, and the code or the refusal it ends with.

``interaction`` decides the next step, purely; ``passage`` carries what a person did on our pages; ``response`` is the
answer; ``attempts`` remembers for a month what became of each request. Imports ``clients``, ``claims``, ``wire`` and
``issuer``; issues nothing.
"""
