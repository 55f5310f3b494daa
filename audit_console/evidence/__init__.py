"""Selected events in one file that anybody can check again, without this program."""
