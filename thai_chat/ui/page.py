"""The page's layout, and which event calls which handler."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from thai_chat.chat.service import ChatService
from thai_chat.ui import diagrams, embedding, signing_in
from thai_chat.ui.components import gr
from thai_chat.ui.gradio_texts import GradioTexts
from thai_chat.ui.handlers import Handlers
from thai_chat.ui.head import Heads
from thai_chat.ui.static import ASSETS, Assets, version

I18N = GradioTexts()


def build_page(service: ChatService) -> gr.Blocks:
    """Return the page over `service`: what Gradio lays out. The module `places.mjs` puts the other parts between it.

    Ids and texts live in the browser and the history: no gr.State anywhere.
    """
    with gr.Blocks(title="Thai Chat", fill_height=True, fill_width=True, analytics_enabled=False) as page:
        with gr.Row(elem_id="frame"):
            _sidebar()
            parts = _main()
        _wire(page, Handlers(service), parts)
    for block in page.blocks.values():
        block.async_move_resource_to_block_cache = _leave
    # No event of the page is queued; to look a thousand times a second whether one is costs more than a request.
    page._queue.sleep_when_free = page._queue.progress_update_sleep_when_free = 0.1
    return page


async def _leave(path: str) -> str:
    """Stand in for what Gradio does with a value that names a file or an address: it copies the one and fetches the
    other, whoever wrote it, and of metadata that came with an import too. No part of this page has files."""
    return path


def mount_page(app: FastAPI, service: ChatService) -> FastAPI:
    """Return `app` with the page at `/` and its files at `/ui-static/<version>`. Routes that `app` has already win.

    `app.state.heads` gets what each language's page has in its `<head>`, which whoever serves the page puts there.
    """
    app.add_api_route(f"/{diagrams.path()}", diagrams.document, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route(embedding.PATH, embedding.script, methods=["GET", "HEAD"], include_in_schema=False)
    for path in signing_in.PATHS:
        app.add_api_route(path, signing_in.page, methods=["GET", "HEAD"], include_in_schema=False)
    assets = Assets()
    app.mount(f"/ui-static/{version()}", assets, name="ui-static")
    page = build_page(service)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="/",
        theme=_theme(),
        i18n=I18N,
        favicon_path=str(ASSETS / "icon.svg"),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        show_error=False,
    )
    mounted.state.page_version = version()
    mounted.state.heads = Heads(page, service.kinds, assets).by_language()
    return mounted


def _sidebar() -> None:
    with gr.Column(elem_id="left", scale=0, min_width=0):
        gr.Button(I18N("new_session"), elem_id="new", size="md")
        gr.Button(I18N("statistics"), elem_id="count", size="md")


def _main() -> dict[str, Any]:
    with gr.Column(elem_id="main", min_width=0):
        with gr.Row(elem_id="top"):
            models = gr.Button("", elem_id="models", visible="hidden")
        gr.Column(elem_id="scroll")
        with gr.Row(elem_id="composer"):
            box = gr.Textbox(
                placeholder=I18N("question"),
                label=I18N("question_label"),
                show_label=False,
                container=False,
                lines=1,
                max_lines=8,
                elem_id="box",
                interactive=True,
            )
            send = gr.Button(I18N("send"), elem_id="send", scale=0, min_width=0)
            stop = gr.Button(I18N("stop"), elem_id="stop", scale=0, min_width=0)
    return {"models": models, "box": box, "send": send, "stop": stop}


def _wire(page: gr.Blocks, on: Handlers, part: dict[str, Any]) -> None:
    # Nobody sees this button: a click asks for the models anew, and what it says is what the picker paints.
    models = part["models"]
    # Without the queue: the handler is short, and a plain request costs half of a queued event.
    said = gr.on(
        [page.load, models.click],
        on.models,
        None,
        [models],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
        postprocess=False,
    )
    said.success(None, [models], None, js="(said) => window.thaiChat.models(said)", api_visibility="private")
    # A question goes straight to the API: the page is not asked before the model is.
    for trigger in (part["box"].submit, part["send"].click):
        trigger(None, js="() => window.thaiChat.send()", api_visibility="private")
    part["stop"].click(None, js="() => window.thaiChat.stop()", api_visibility="private")


def _theme() -> gr.themes.Base:
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.zinc,
        radius_size="lg",
        font=["var(--face)"],
        font_mono=["ui-monospace", "monospace"],
    )
