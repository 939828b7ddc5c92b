"""The one place where the version is written; CMake and the packaging read it from here."""

__version__ = "0.1.0"
