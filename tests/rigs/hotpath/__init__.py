"""A guard on what one frame costs: counts, which a busy machine does not change, no times."""
