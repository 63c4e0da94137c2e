"""A pretend Slack and a pretend Bedrock on loopback, to try and to test the bot without accounts."""
