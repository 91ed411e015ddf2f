"""A provider's own tree, and the release that is made from it."""
