"""Agreements: parties and signatures, what is allowed to whom, and how many people come under them."""
