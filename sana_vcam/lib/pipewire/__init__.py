"""A client of PipeWire by ctypes: a connection, what the server has in its graph, a video source.

Everything of one connection happens on one thread, which waits for it beside other descriptors.
Knows nothing of us. Works with libpipewire 0.3.40 and later, 1.x included.
"""
