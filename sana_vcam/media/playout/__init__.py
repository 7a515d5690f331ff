"""From the model's bursts to one even frame per tick."""
