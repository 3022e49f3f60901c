"""A server of OneRoster 1.2 Rostering over REST, with faults on demand.

``roster`` holds the rows and makes a CSV bundle into them, ``asked`` applies filter, sort and paging, ``faults`` says
what goes wrong, and ``server`` answers over HTTP. Beside the standard's addresses there are two of its own:
``POST /simulator/fault`` (``name``, ``after``) and ``POST /simulator/rows/{collection}`` (a JSON object).
"""

from connectors.simulators.oneroster.faults import FAULTS
from connectors.simulators.oneroster.roster import Roster
from connectors.simulators.oneroster.server import Simulator

__all__ = ["FAULTS", "Roster", "Simulator"]
