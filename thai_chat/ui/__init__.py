"""The page: layout, handlers, and the files that run in the browser."""
