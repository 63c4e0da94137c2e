"""Who we talk to: one vendor a file or folder, each translating both ways and deciding nothing."""
