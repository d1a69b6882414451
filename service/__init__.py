"""Loa: hears what government portals publish and makes sure that everyone who must know, knows."""

__version__ = "0.2.0"
