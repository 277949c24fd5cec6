"""The one place in front of the API and the page: who may pass, by which door, under which name, and with what limits.

Everything is refused that no door of `doors` names. The gate is pure ASGI, since Starlette's BaseHTTPMiddleware would
wrap every event stream.
"""
