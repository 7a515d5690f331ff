"""Video files that are edited as a whole: read, sent to the model, and written again.

A running daemon loads nothing here but what its clips need: PyAV is imported by `sana-vcam edit`.
"""
