"""The only place that knows every room: makes the adapters from the settings and runs them."""
