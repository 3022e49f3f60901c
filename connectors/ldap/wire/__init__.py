"""Speaking LDAP: the server, a session with it, deadlines, what failed, and times as directories write them."""
