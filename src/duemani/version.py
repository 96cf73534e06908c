"""The package's version, also of the files it writes; the build reads it here."""

VERSION = "0.2.0"
