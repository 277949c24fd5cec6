"""The main job of a client, by the one that openapi-python-client makes of `/openapi.json`: `./manage.sh fuzz` runs it.

Ask, follow a reply, read the history, search, export. It runs where the made package is, without this project's own.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

PACKAGE = "thai_chat_client"


def _operation(tag: str, name: str) -> Any:
    return import_module(f"{PACKAGE}.api.{tag}.{name}").sync


def _model(name: str) -> Any:
    return getattr(import_module(f"{PACKAGE}.models"), name)


def main() -> None:
    signed_in = import_module(PACKAGE).AuthenticatedClient
    client = signed_in(base_url=os.environ["CHAT"], token=os.environ["KEY"], raise_on_unexpected_status=True)

    asked = _operation("chat", "chat")(client=client, body=_model("ChatRequest")(query="น้ำจิ้มข้าวมันไก่ทำอย่างไร"))
    assert asked.status == "complete", asked
    session = asked.session_id

    turn = _model("MessageRequest")(query="ขอแบบไม่เผ็ด")
    begun = _operation("sessions", "create_turn")(session, client=client, body=turn, prefer="respond-async")
    assert begun.session_id == session, begun
    followed = _operation("sessions", "follow_reply")(session, client=client, message_id=begun.message_id)
    assert followed is None or "event: completed" in followed, followed

    told = _operation("sessions", "list_messages")(session, client=client)
    assert [message.role for message in told.history] == ["user", "assistant"] * 2, told
    history = _operation("chat", "chat_history")(session, client=client)
    assert len(history.history) == 4, history

    found = _operation("search", "search")(client=client, q="น้ำจิ้ม")
    assert session in {result.session_id for result in found.results}, found

    exported = _operation("export_and_import", "export_sessions")(client=client, session_id=[session])
    assert exported["format"] == "thai-chat", exported

    missing = _operation("sessions", "get_session")(begun.message_id, client=client)
    assert missing.error.code == "session_not_found", missing
    print("the generated client asked, followed, read, searched and exported")


if __name__ == "__main__":
    main()
