"""What processes of one machine remember together, in a file."""
