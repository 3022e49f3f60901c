"""What a person meets in a browser: pages in Chromium, with and without scripts, and their accessibility."""
