"""The tables, their rows, and the statements of a chat."""
