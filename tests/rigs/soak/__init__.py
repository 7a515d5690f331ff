"""A daemon, two runtimes and a platform, with faults in the order that a seed gives."""
