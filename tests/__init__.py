"""The tests: real servers on port 0, real TLS, real clients."""
