"""What an operator asks for on the command line, one module each."""
