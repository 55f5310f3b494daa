"""What retention would delete of a log, who holds it, and the deletion itself."""
