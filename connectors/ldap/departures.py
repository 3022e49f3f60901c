"""Who is gone from Active Directory since a checkpoint, and who is new: told by the sketch, and where that is too
small, with the help of what is known to be made or deleted since."""

from __future__ import annotations

from collections.abc import Callable

from connectors.contract import CheckpointLost
from connectors.ldap.checkpoint import KINDS, Memory, Name, difference, sketch_of, without


def departed(
    memory: Memory, there: set[Name], made: set[Name], deleted: Callable[[], set[Name]]
) -> tuple[list[Name], set[Name]]:
    """Return who is no longer among ``there``, in the order of kinds, and who came without being ``made`` since.

    ``deleted`` tells what was deleted since, be it of what was read or not; it is asked when more than some fifty are
    gone. Raises ``CheckpointLost`` when it cannot be told all the same.
    """
    now = sketch_of(there - made)
    try:
        found, new = difference(memory.sketch, now)
        gone = {*found}
    except CheckpointLost:
        told = deleted() - there
        found, new = difference(without(memory.sketch, told), now)
        # What was deleted and never read is taken from a sketch that does not hold it.
        gone, new = {*found} | (told - new), new - told
    # Who was made while everything was read is in the sketch, and still there.
    return sorted(gone - there, key=lambda name: (KINDS.index(name[0]), name[1])), new
