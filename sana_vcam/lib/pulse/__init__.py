"""A client of PulseAudio by ctypes: a connection, the server's sources and modules, a recording.

Everything of one connection happens on one thread, which waits in it. Knows nothing of us. Works
with libpulse 4 and later; PipeWire's own server of this protocol is told from PulseAudio.
"""
