"""The ComfyUI node pack of Imgen."""
