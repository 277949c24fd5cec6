"""Search: what was looked for, its hits with their surroundings, in order of time or relevance."""
