"""Measures capirepo against nginx and `file://`, side by side; run by `make bench`."""
