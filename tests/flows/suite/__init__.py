"""The modules of the OpenID Foundation's conformance suite, by their names, as its relying party plays them
(docs/conformance.md).

The suite itself is a Java server and does not run here: each test does what one module does and checks what it checks.
Facts only are taken from it. ``party`` is the relying party, ``basic_modules`` the modules of two plans that differ in
``response_mode`` alone.
"""
