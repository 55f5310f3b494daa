"""What a query finds in a log, for people and for programs."""
