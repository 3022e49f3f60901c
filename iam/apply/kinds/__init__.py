"""What can be declared: a file for each kind, with everything that is known of it, in rooms by what it is about.

To add one, copy the nearest (``sources/opened_sources`` is among the smallest), and name its ``KIND`` in ``registry``
after the kinds it rests on. A file without a ``KIND`` is what two kinds share, or a part that is long. A room imports
no other: kinds ask the draft for one another by name.
"""
