"""How fast, against Slack's limits: the bot as it is, beside one that edits each answer once a second."""
