"""A small relying application to try Avain with: sign in, see what one was told, switch capacity, refresh, sign out."""
