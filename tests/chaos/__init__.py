"""Long tests of one promise: nothing accepted is ever lost, whatever is killed. `make chaos`."""
