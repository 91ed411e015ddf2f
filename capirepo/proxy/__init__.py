"""Connections: doors, CONNECT, TLS, and answers that are ready."""
