"""Pure: no async, no I/O, no clock, no environment."""
