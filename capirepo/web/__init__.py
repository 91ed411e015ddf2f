"""HTTP: one file a face, and what faces share."""
