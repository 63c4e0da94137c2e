"""People and channels of Slack: known before it is asked for wherever that can be."""
