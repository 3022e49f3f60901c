"""The protocol half of ``docs/security-requirements.md``: each test names the row or the class of flaws that it holds
off."""
