"""What happens when: threads, time and order."""
