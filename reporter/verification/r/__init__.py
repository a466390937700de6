"""R in a child process."""
