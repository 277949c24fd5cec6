"""vLLM, and any other server with OpenAI's API."""
