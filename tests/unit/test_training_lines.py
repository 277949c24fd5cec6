"""The lines that models are fine-tuned with, and which replies stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.unit.test_transfer_formats import AT, BANGKOK, PROMPT, session_of, turn, words_in, written
from thai_chat.chat.transfer import training
from thai_chat.chat.transfer.markdown import MarkdownWriter
from thai_chat.chat.transfer.training import PAIRS_OF_A_QUESTION, DpoWriter, Lessons, Rated, SftWriter
from thai_chat.domain.fact_values import (
    Rating,
    Vote,
)
from thai_chat.domain.facts import (
    ReplyFacts,
)
from thai_chat.domain.messages import Message, Role, Status
from thai_chat.domain.transfer import KeptMessage, KeptSession

QUESTION = "แนะนำเมนูหน่อย 🍚"


def said(*messages: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in messages]


class Tree:
    """A session whose messages are told one after the other, each below any other."""

    def __init__(self, **session: Any) -> None:
        self._session = session
        self._messages: list[KeptMessage] = []

    def ask(self, text: str = QUESTION, below: UUID | None = None) -> UUID:
        return self._add(Role.USER, text, below, {})

    def reply(
        self,
        text: str,
        below: UUID,
        rating: int | None = None,
        *,
        over: Sequence[UUID] = (),
        reasoning: str | None = None,
        **fields: Any,
    ) -> UUID:
        facts = ReplyFacts(
            rating=Rating(value=rating, rated_at=AT) if rating else None,
            vote=Vote(over=over, at=AT) if over else None,
            reasoning=reasoning,
        )
        return self._add(Role.ASSISTANT, text, below, facts.to_metadata(), **fields)

    def _add(self, role: Role, text: str, below: UUID | None, metadata: Any, **fields: Any) -> UUID:
        values: dict[str, Any] = {
            "message_id": uuid7(),
            "session_id": UUID(int=1),
            "parent_id": below,
            "role": role,
            "content": text,
            "message_order": len(self._messages) + 1,
            "status": Status.COMPLETE,
            "backend": "vllm" if role is Role.ASSISTANT else None,
            "model": "typhoon" if role is Role.ASSISTANT else None,
            "created_at": AT + timedelta(minutes=len(self._messages)),
            "metadata": metadata,
        }
        message = Message(**{**values, **fields})
        self._messages.append(KeptMessage(message=message))
        return message.message_id

    def kept(self) -> KeptSession:
        session = session_of(*turn("a", "b"), **self._session).session
        return KeptSession(session=session, messages=self._messages)


def sft(kept: KeptSession, **wanted: Any) -> list[Any]:
    return [orjson.loads(line)["messages"] for line in written(SftWriter(Lessons(**wanted)), kept).splitlines()]


def dpo(kept: KeptSession, **wanted: Any) -> list[Any]:
    return [orjson.loads(line) for line in written(DpoWriter(Lessons(**wanted)), kept).splitlines()]


def answers(lines: list[Any]) -> list[tuple[str, str]]:
    return [(line["chosen"][0]["content"], line["rejected"][0]["content"]) for line in lines]


def test_a_line_ends_with_the_last_reply_that_fits_and_keeps_what_was_said_before() -> None:
    tree = Tree(options={"system_prompt": PROMPT})
    first = tree.reply("หนึ่ง", tree.ask())
    bad = tree.reply("ผิด", tree.ask("สอง?", first), -1)
    good = tree.reply("สาม", tree.ask("สาม?", bad), 1)
    tree.reply("สี่", tree.ask("สี่?", good))
    system, opening = ("system", PROMPT), [("user", QUESTION), ("assistant", "หนึ่ง")]
    wrong = [("user", "สอง?"), ("assistant", "ผิด")]
    third, fourth = [("user", "สาม?"), ("assistant", "สาม")], [("user", "สี่?"), ("assistant", "สี่")]
    assert sft(tree.kept()) == [said(system, *opening, *wrong, *third, *fourth)]
    assert sft(tree.kept(), rating=Rated.NOT_DOWN) == [said(system, *opening, *third, *fourth)]
    assert sft(tree.kept(), rating=Rated.UP) == [said(system, *opening, *third)]


@pytest.mark.parametrize(
    ("wanted", "is_there"),
    [
        ({"model": "typhoon"}, True),
        ({"model": "other"}, False),
        ({"backend": "vllm"}, True),
        ({"backend": "ollama"}, False),
        ({"since": AT}, True),
        ({"since": AT + timedelta(hours=1)}, False),
        ({"until": AT}, False),
        ({"until": AT + timedelta(hours=1)}, True),
    ],
    ids=str,
)
def test_replies_are_chosen_by_who_gave_them_and_when(wanted: dict[str, Any], is_there: bool) -> None:
    tree = Tree(has_branches=True)
    question = tree.ask()
    tree.reply("แย่", question, -1)
    tree.reply("ดี", question, 1)
    assert bool(sft(tree.kept(), **wanted)) is is_there
    assert bool(dpo(tree.kept(), **wanted)) is is_there


def test_sessions_are_chosen_by_tag_and_folder() -> None:
    session = session_of(*turn("a", "b"), tags=("อาหาร",), folder="ครัว", has_branches=True).session
    for writer in (SftWriter, DpoWriter):
        assert writer(Lessons(tag="อาหาร", folder="ครัว")).takes(session)
        assert not writer(Lessons(tag="งาน")).takes(session)
        assert not writer(Lessons(folder="งาน")).takes(session)


def test_a_model_s_thoughts_are_there_when_they_are_asked_for() -> None:
    tree = Tree()
    tree.reply("ตอบ", tree.ask(), reasoning="คิดก่อน")
    assert sft(tree.kept()) == [said(("user", QUESTION), ("assistant", "ตอบ"))]
    thought = said(("user", QUESTION), ("assistant", "<think>\nคิดก่อน\n</think>\n\nตอบ"))
    assert sft(tree.kept(), with_reasoning=True) == [thought]


def test_a_pair_has_all_that_was_said_before_it() -> None:
    tree = Tree(options={"system_prompt": PROMPT}, has_branches=True)
    first = tree.reply("หนึ่ง", tree.ask())
    stopped = tree.reply("ครึ่ง", tree.ask("ทิ้ง", first), status=Status.STOPPED)
    question = tree.ask("สอง?", stopped)
    worse = tree.reply("ยาวไป", question)
    tree.reply("พอดี", question, over=[worse])
    assert dpo(tree.kept()) == [
        {
            "prompt": said(("system", PROMPT), ("user", QUESTION), ("assistant", "หนึ่ง"), ("user", "สอง?")),
            "chosen": said(("assistant", "พอดี")),
            "rejected": said(("assistant", "ยาวไป")),
        }
    ]


def test_versions_rated_up_and_down_make_pairs() -> None:
    tree = Tree(has_branches=True)
    question, other = tree.ask(), tree.ask("อื่น")
    for text, rating in (("ดี", 1), ("แย่", -1), ("เฉย", None), ("ดีมาก", 1)):
        tree.reply(text, question, rating)
    tree.reply("แย่ที่อื่น", other, -1)
    assert answers(dpo(tree.kept())) == [("ดี", "แย่"), ("ดีมาก", "แย่")]


def test_a_pair_is_there_once_and_a_choice_counts_more_than_ratings() -> None:
    tree = Tree(has_branches=True)
    question = tree.ask()
    rated_up = tree.reply("ก", question, 1)
    tree.reply("ข", question, -1, over=[rated_up])
    assert answers(dpo(tree.kept())) == [("ข", "ก")]
    assert dpo(tree.kept(), rating=Rated.NOT_DOWN) == []
    both = Tree(has_branches=True)
    question = both.ask()
    worse = both.reply("ก", question, -1)
    both.reply("ข", question, 1, over=[worse])
    assert answers(dpo(both.kept())) == [("ข", "ก")]


def test_what_is_not_whole_the_same_or_not_there_makes_no_pair() -> None:
    tree = Tree(has_branches=True)
    question = tree.ask()
    stopped = tree.reply("ครึ่ง", question, -1, status=Status.STOPPED)
    same = tree.reply("ตอบ", question)
    tree.reply("ตอบ", question, 1, over=[stopped, same, uuid7()])
    assert dpo(tree.kept()) == []


@pytest.mark.parametrize("is_voted", [True, False], ids=["votes", "ratings"])
def test_a_question_makes_so_many_pairs_and_no_more(is_voted: bool) -> None:
    tree = Tree(has_branches=True)
    question = tree.ask()
    worse = [tree.reply(f"แย่ {number}", question, None if is_voted else -1) for number in range(15)]
    for number in range(15):
        tree.reply(f"ดี {number}", question, None if is_voted else 1, over=worse if is_voted else ())
    assert len(dpo(tree.kept())) == PAIRS_OF_A_QUESTION


def test_the_lines_of_a_session_end_before_they_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LINES_BYTES", 6_000)
    tree, above = Tree(has_branches=True), None
    for _ in range(20):
        question = tree.ask("ถาม" * 20, above)
        above = tree.reply("แย่" * 20, question, -1)
        tree.reply("ดี" * 20, question, 1)
    pairs = written(DpoWriter(), tree.kept())
    assert 3_000 < len(pairs) <= 6_000
    assert written(DpoWriter(only_counts=True), tree.kept()) == b"\n" * len(pairs.splitlines())
    [line] = sft(tree.kept())
    assert 3_000 < len(written(SftWriter(), tree.kept())) <= 6_000
    assert line[-1]["role"] == "assistant"
    assert written(SftWriter(only_counts=True), tree.kept()) == b"\n"


def test_markdown_tells_a_rating_below_the_reply() -> None:
    tree = Tree()
    tree.reply("ตอบ", tree.ask(), -1)
    assert "\n> 👎\n" in written(MarkdownWriter(words_in("th"), BANGKOK), tree.kept()).decode()
