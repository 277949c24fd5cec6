"""The usage that is asked for so that tokens are counted: it costs no program its answer."""

from __future__ import annotations

import openai
import pytest

from tests.api.programs import ASK, MODEL, programs
from tests.standins.script import Script


async def test_a_server_that_takes_no_stream_options_answers_all_the_same() -> None:
    async with programs() as app:
        app.standin.script = Script(refused_params=("stream_options",))
        for _ in range(2):
            stream = await app.client().chat.completions.create(model=MODEL, messages=ASK, stream=True)
            said = [part.choices[0].delta.content or "" async for part in stream]
            assert "".join(said) == app.standin.script.text
        assert ["stream_options" in seen.body for seen in app.standin.seen] == [True, False, False]

        options = {"include_usage": True}
        with pytest.raises(openai.BadRequestError) as refused:
            await app.client().chat.completions.create(model=MODEL, messages=ASK, stream=True, stream_options=options)
        assert refused.value.param == "stream_options"
