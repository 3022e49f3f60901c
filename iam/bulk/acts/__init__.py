"""What can be done for many people at once, an act each, behind one shape (``act``); ``registry`` names them all.

An act keeps every wall that the same act for one person has. Whom it cannot be done for is left out with a reason; the
others get it.
"""
