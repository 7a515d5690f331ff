"""`sana-vcam doctor`: what is wrong, what it means, and the command that mends it."""
