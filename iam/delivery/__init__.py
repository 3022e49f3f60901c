"""What leaves the house: addresses that others named, fetching from them, mail, and the outbox with its retries."""
