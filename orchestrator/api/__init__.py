"""The doors: one file for each dialect, and what they share."""
