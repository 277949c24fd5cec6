"""A plain `gr.ChatInterface` over a model server, as tutorials have it: the limit of `bench page`."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from typing import Any

import gradio as gr
from openai import AsyncOpenAI


def build(model_address: str) -> gr.ChatInterface:
    client = AsyncOpenAI(base_url=model_address, api_key="none")

    async def answer(question: str, history: Sequence[dict[str, Any]]) -> AsyncIterator[str]:
        said = [{"role": message["role"], "content": _text(message["content"])} for message in history]
        messages: Any = [*said, {"role": "user", "content": question}]
        text = ""
        async for chunk in await client.chat.completions.create(model="standin", messages=messages, stream=True):
            if chunk.choices and (piece := chunk.choices[0].delta.content):
                text += piece
                yield text

    return gr.ChatInterface(answer, analytics_enabled=False)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def serve() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model-address", required=True)
    options = parser.parse_args()
    build(options.model_address).launch(server_name="127.0.0.1", server_port=options.port, quiet=True)


if __name__ == "__main__":
    serve()
