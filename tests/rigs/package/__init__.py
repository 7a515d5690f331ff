"""What strangers install, built and tried outside the repository."""
