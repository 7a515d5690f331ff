"""The last seconds of what viewers saw, and recordings of it: encoded all the time, kept on demand.

Nothing here is loaded before `[keep] clips` is on.
"""
