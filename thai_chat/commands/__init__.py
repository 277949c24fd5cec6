"""The commands of an operator on the command line, one module each."""
