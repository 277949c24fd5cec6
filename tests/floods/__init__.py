"""Whatever is foreign takes linear time and bounded memory: growth, floods and fuzz."""
