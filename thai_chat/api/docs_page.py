"""`/docs`: the API described, from files of our own; FastAPI's page would load them from another host."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_FILES = Path(__file__).parent / "docs"


def install(app: FastAPI) -> None:
    app.mount("/docs-static", StaticFiles(directory=_FILES), name="docs-static")

    @app.head("/docs", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url="docs-static/swagger-ui-bundle.js",
            swagger_css_url="docs-static/page.css",
            swagger_favicon_url="data:,",
        )
