"""The ports of the core to the rooms around it: one protocol a module, with the values that it speaks in."""
