"""Drives ComfyUI: instances that are started here or found elsewhere, and the runs on them."""
