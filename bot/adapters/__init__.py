"""Who we talk to: one vendor a file, each translating both ways and deciding nothing."""
