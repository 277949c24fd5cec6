"""One turn from the question to the stored reply: service, live replies, prompt, titles."""
