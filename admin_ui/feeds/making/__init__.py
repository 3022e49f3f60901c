"""The wizard: a source is made (``new``) and changed on pages; some of its rows are looked at (``sample``), and its
columns matched.

``settings_form`` makes the form of a connector's settings, ``meanings`` says what a column can mean. Must not be
imported by the pages of sources and runs.
"""
