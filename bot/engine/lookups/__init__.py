"""Who and what is where in Slack: known before it is asked for wherever that can be."""
