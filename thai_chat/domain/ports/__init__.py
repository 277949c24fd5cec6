"""What the core asks of the rooms around it: one protocol a module, with the values that it speaks in."""
