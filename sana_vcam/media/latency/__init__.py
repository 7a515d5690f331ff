"""Glass-to-glass latency: how long after the camera's read viewers get the picture, measured.

The model's frames carry no mark of the camera's frame that they were made from. So the motion of
what was published is matched with the motion of what viewers see.
"""
