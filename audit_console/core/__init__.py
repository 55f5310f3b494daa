"""The event, its format, its chain and what can be found wrong with it. No I/O, no clock."""
