"""What the tests share, and no test itself.

``servers`` starts what Avain needs, ``peers`` what it meets out there, good and bad; ``factories`` writes single rows,
``worlds`` whole small consortiums; ``feeds`` holds the files and records that sources read. Beside them lie a browser
without scripts, people and what they hold in their hands, and what makes the suite quick: keys from a pool, and what is
compiled once.
"""
