"""A kind of backend as another package would bring it: everything that the program knows of it stands here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from thai_chat.domain.backend_errors import NotOffered
from thai_chat.domain.events import Finished, Progress, StreamEvent, TextDelta, Usage
from thai_chat.domain.options import Options, one_of
from thai_chat.domain.ports.backend import Backend, ModelInfo, PromptMessage, ReplyRequest
from thai_chat.domain.ports.backend_kinds import Advice, BackendKind, ModelList, PageOptions
from thai_chat.domain.sampling import COMMON

OPTIONS: Options = {**COMMON, "toy_mood": one_of("merry", "grave")}


class ToySettings(BaseModel):
    toy_address: str | None = Field(None, description="Address of the toy")
    toy_words: int = Field(2, ge=1, le=9, description="Words of a reply")
    toy_key: str | None = Field(None, description="Its key")


class ToyBackend:
    """Implements `Backend` without a server: says the question's beginning again."""

    def __init__(self, words: int) -> None:
        self._words = words

    @property
    def name(self) -> str:
        return "toy"

    @property
    def default_model(self) -> str | None:
        return None

    @property
    def loading_models(self) -> Collection[str]:
        return ()

    @property
    def warm_models(self) -> Collection[str] | None:
        return None

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo(model="bear:new", context_window=4096)]

    async def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        said = request.messages[-1].content.split()[: self._words]
        for word in said:
            yield TextDelta(f"{word} ")
        yield TextDelta(f"({request.options.get('toy_mood', 'plain')})")
        yield Usage(prompt_tokens=3, completion_tokens=len(said))
        yield Finished("stop")

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        return None

    async def prepare(self, model: str) -> None:
        return None

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        raise NotOffered("toys are not fetched", backend=self.name, model=model)
        yield  # makes it a generator

    async def close(self) -> None:
        return None


def _build(settings: ToySettings, log_folder: Path | None) -> Sequence[Backend]:
    return [ToyBackend(settings.toy_words)]


def _model_lists(settings: ToySettings) -> Sequence[ModelList]:
    address = settings.toy_address or ""
    return [
        ModelList(
            setting="TOY_ADDRESS",
            address=address,
            path="/models",
            urls=(f"{address}/models",),
            key=settings.toy_key or "",
            advice=Advice(
                start="wind it up",
                check="check TOY_ADDRESS in .env",
                key="correct TOY_KEY in .env",
                name_model="name its bear",
            ),
        )
    ]


TOY = BackendKind(
    name="toy",
    label="Toy Box",
    settings=ToySettings,
    configured_by="TOY_ADDRESS",
    build=_build,
    options=OPTIONS,
    page=PageOptions(examples="toy_mood", has_effort=False),
    model_lists=_model_lists,
    default_tag=":new",
    foreign_names=frozenset({"TOY_ADDRESSES"}),
)
