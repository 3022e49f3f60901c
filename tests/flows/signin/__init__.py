"""Signing in as people do, with a real application on a real database: AU-04 to AU-09, SE-01 to SE-06, C-06, C-08,
C-34, AZ-07."""
