"""Imgen: a raw prompt becomes a signed picture, made by ComfyUI."""
