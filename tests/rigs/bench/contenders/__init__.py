"""Programs that do the same job in different ways, each a process of its own.

Each takes `URL CLIP STAMPS [SINK]`: where the model is, what to publish, where to write when each
picture of the clip was read, and the FIFO of its virtual camera. SIGTERM ends it; at SIGUSR1
it tells its threads' names (`telling`).
"""
