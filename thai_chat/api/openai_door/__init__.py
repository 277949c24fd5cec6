"""`/v1`: the door for programs that speak OpenAI's protocol (decision 0052)."""
