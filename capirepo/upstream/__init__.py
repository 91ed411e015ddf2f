"""The world outside: where releases come from."""
