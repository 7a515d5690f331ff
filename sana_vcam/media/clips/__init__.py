"""Video files that are edited as a whole: read, sent to the model, and written again.

Nothing here is loaded by a running daemon: PyAV is imported by what `sana-vcam edit` needs.
"""
