"""Patina: inspection photos in, verdicts that people can rely on out.

The ground floor. Nothing here imports torch; only `core.engine` does.
"""

__version__ = "0.1.0"
