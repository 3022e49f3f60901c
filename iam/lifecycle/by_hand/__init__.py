"""One person by hand: added once, given affiliations with an end and somebody who answers for them.

``somebody`` writes who it is, ``alike`` tells who looks like the same person already, ``positions`` writes affiliations
and ``sponsors`` who answers; ``act`` is the one way in: it tries a thing, or does it, and derives the rights that
follow.
"""
