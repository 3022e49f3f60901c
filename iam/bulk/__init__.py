"""One act for many people at once: chosen from a list, by a whole filter or by a paste, tried as one comparison, judged
as one plan.

``chosen`` says who is meant, within the part of who asks. ``acts`` says what is done: each act sorts those it is done
for from those it leaves out, with a reason each, and writes it in sets. ``plan`` tries an act with its effects, and
does it or keeps it; ``waits`` keeps what a second person decides. Nothing is kept between the steps: a form carries the
choice, and the digest of whom and what was shown. Must not import Flask, nor declarations.
"""
