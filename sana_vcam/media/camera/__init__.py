"""The camera: where raw pictures come from, and the thread that reads them."""
