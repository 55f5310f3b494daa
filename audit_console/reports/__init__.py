"""What a verification found, printed for people and for programs."""
