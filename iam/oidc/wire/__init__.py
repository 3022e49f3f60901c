"""What stands on the wire, before anybody knows whose request it is: parameters, redirect addresses, and the request as
Authlib sees it.

Pure, but for ``request``, which reads Flask's. Imports nothing of the provider.
"""
