"""Credentials for registries: where they are found, in order, and what is wrong with those that are."""
