"""OpenAI, and other clouds with its API."""
