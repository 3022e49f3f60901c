"""Whom the service meets on the network, played on loopback: providers, applications, mail, and servers that
misbehave."""
