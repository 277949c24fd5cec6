"""The pages on which people sign in, or use a link that they were given: ours alone, without Gradio."""

from __future__ import annotations

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from thai_chat import texts
from thai_chat.domain.accounts import DISPLAY_NAME_CHARS, NAME_CHARS, PASSWORD_CHARS
from thai_chat.texts import Language
from thai_chat.ui.head import as_script, icon
from thai_chat.ui.static import ASSETS, version

PATHS = ("/sign-in", "/invitation/{token}")

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="{icon}">
<script>{look}</script>
<link rel="stylesheet" href="/ui-static/{version}/sign_in.css">
<script>window.thaiChatTexts = {texts}; window.thaiChatSignIn = {limits};</script>
<script type="module" src="/ui-static/{version}/sign_in.mjs"></script>
</head>
<body>
<main><header><span class="mark"></span><strong>{title}</strong><nav id="languages"></nav></header>
<div id="place"><noscript><p>{needed}</p></noscript></div></main>
</body>
</html>"""


async def page(request: Request) -> Response:
    """Answer with the page, the same for both addresses; where nobody signs in, lead to the chat."""
    if request.app.state.accounts is None:
        return RedirectResponse("/", 303)
    return HTMLResponse(_html(texts.language_for(request.headers)))


@lru_cache(maxsize=len(texts.LANGUAGES))
def _html(language: Language) -> str:
    limits = {"name": NAME_CHARS, "display_name": DISPLAY_NAME_CHARS, "password": PASSWORD_CHARS}
    return _PAGE.format(
        language=language,
        title=texts.text("brand", language),
        icon=icon(),
        look=(ASSETS / "signing_in" / "look.js").read_text("utf-8"),
        version=version(),
        texts=as_script({language: texts.sign_in_texts(language)}),
        limits=as_script(limits),
        needed=texts.text("sign_in_needs_scripts", language),
    )
