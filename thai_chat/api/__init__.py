"""The HTTP edge beside the page: JSON and server-sent events over the chat service."""
