"""A webcam that a generative model edits live."""

__version__ = "0.1.0"
