"""The steps of the display pipeline and what they are planned from."""
