"""Shared settings: a busy machine must not fail a property test by being slow."""

from hypothesis import settings

settings.register_profile("duemani", deadline=None, derandomize=True)
settings.load_profile("duemani")
