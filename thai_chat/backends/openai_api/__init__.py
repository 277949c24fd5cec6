"""OpenAI's two APIs as servers speak them: Chat Completions and Responses."""
