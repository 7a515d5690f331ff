"""A local model that speaks the wire of Reactor's `sana-streaming`: no key, GPU or network."""
