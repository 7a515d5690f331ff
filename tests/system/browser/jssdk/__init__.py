"""Reactor's JavaScript SDK in a real browser, at each wire of the stand-in."""
