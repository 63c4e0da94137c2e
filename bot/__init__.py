"""Duet, a Slack bot that never leaves people waiting."""
