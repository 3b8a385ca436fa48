"""Bakeoff finds the open-weight language model that is right for your hardware, data and budget."""

from bakeoff.version import __version__

__all__ = ["__version__"]
