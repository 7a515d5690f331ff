"""What runs inside a guest: scenarios against the real drivers, and what they are made of."""
