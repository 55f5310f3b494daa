"""Who can read a log. Sources do not import each other."""
