"""The package's version, also of the files it writes."""

from importlib.metadata import version

VERSION = version("duemani")
