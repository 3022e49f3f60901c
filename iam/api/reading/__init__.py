"""What the API tells, read by the queries of the pages and put as the shapes have it. Knows no request."""
