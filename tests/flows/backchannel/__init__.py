"""OI-04: a login session's end reaches every application that received tokens in it."""
