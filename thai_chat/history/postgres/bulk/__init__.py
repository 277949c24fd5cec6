"""Work over much of what is stored: whole sessions out and in, and counting."""
