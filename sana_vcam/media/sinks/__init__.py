"""The sinks: what viewers see is written here, and only here."""
