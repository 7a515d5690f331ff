"""A local model that speaks the wire of Reactor's `sana-streaming`, so that nothing here needs a key, a GPU or a network."""
