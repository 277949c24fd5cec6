"""The script that puts a chat button on a page of another site."""

from __future__ import annotations

import json

from starlette.responses import Response

from thai_chat import texts
from thai_chat.ui.static import ASSETS

PATH = "/embed.js"
_TEXTS = "/** @type {any} */ (null)"
_SAID = ("open", "close", "chat")


def script() -> Response:
    """Answer with the script, with the texts of all languages in it."""
    source = (ASSETS / "embed" / "embed.js").read_text("utf-8")
    said = {language: {name: texts.text(f"embed_{name}", language) for name in _SAID} for language in texts.LANGUAGES}
    body = source.replace(_TEXTS, json.dumps(said, ensure_ascii=False))
    return Response(body, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})
