"""What processes of many machines remember together, in Redis or Valkey."""
