"""What is true: values and rules, all pure."""
