"""The prompt that a model is sent."""

from datetime import UTC, datetime

from uuid_utils.compat import uuid7

from thai_chat.chat.prompt import build_prompt
from thai_chat.domain.messages import Message, Role, Status

SESSION = uuid7()


def message(role: Role, content: str, order: int) -> Message:
    return Message(
        message_id=uuid7(),
        session_id=SESSION,
        parent_id=None,
        role=role,
        content=content,
        message_order=order,
        status=Status.COMPLETE,
        backend="vllm",
        model="m",
        created_at=datetime.now(UTC),
    )


def turns(count: int, text: str = "ข้อความ") -> list[Message]:
    roles = (Role.USER, Role.ASSISTANT)
    return [message(roles[order % 2], f"{text} {order}", order + 1) for order in range(count * 2)]


def test_the_question_is_the_last_message() -> None:
    prompt = build_prompt(turns(2), "แล้วไงต่อ", context_window=None, max_messages=10)
    assert [m.role for m in prompt.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert prompt.messages[-1].content == "แล้วไงต่อ"


def test_the_newest_messages_are_taken_and_the_rest_is_counted() -> None:
    prompt = build_prompt(turns(10), "q", context_window=None, max_messages=6)
    assert [m.content for m in prompt.messages[:-1]] == [f"ข้อความ {n}" for n in range(14, 20)]
    assert prompt.context_used.messages_sent == 6
    assert prompt.context_used.messages_left_out == 14


def test_messages_that_were_not_even_read_count_as_left_out() -> None:
    prompt = build_prompt(turns(3), "q", context_window=None, max_messages=6, earlier_messages=100)
    assert prompt.context_used.messages_left_out == 94


def test_what_does_not_fit_the_window_is_left_out() -> None:
    history = turns(10, "ยาว" * 100)
    prompt = build_prompt(history, "q", context_window=1000, max_messages=100)
    assert 0 < len(prompt.messages) - 1 < len(history)
    estimated = prompt.context_used.estimated_tokens
    assert isinstance(estimated, int)
    assert estimated <= 750


def test_a_question_that_fills_the_window_is_sent_whole() -> None:
    question = "ก" * 5000
    prompt = build_prompt(turns(3), question, context_window=1000, max_messages=10)
    assert [m.content for m in prompt.messages] == [question]


def test_a_reply_that_lost_its_question_is_not_sent() -> None:
    prompt = build_prompt(turns(2), "q", context_window=None, max_messages=3)
    assert [m.role for m in prompt.messages] == ["user", "assistant", "user"]


def test_replies_without_text_are_not_sent() -> None:
    history = [message(Role.USER, "a", 1), message(Role.ASSISTANT, "", 2)]
    prompt = build_prompt(history, "q", context_window=None, max_messages=10)
    assert [m.content for m in prompt.messages] == ["a", "q"]
