"""Keeps Cluster API provider releases and serves them to an unmodified clusterctl."""

__version__ = "0.1.0"
