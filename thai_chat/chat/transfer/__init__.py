"""History that leaves and comes back: exports in four formats, imports of our own and of others' exports."""
