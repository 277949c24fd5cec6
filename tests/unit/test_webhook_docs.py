"""The receivers of docs/webhooks.md tell what we have signed from everything else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from thai_chat.domain.webhooks import TOLD, Webhook
from thai_chat.webhooks.signing import Signer, hash_of, shown

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
BODY = '{"type":"ping","data":{"text":"ส้มตำ"}}'.encode()
SIGNER = Signer(b"k" * 32)


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return str(found)


def a_webhook(number: int, now: datetime, *, previous_until: datetime | None = None) -> Webhook:
    webhook_id = uuid4()
    return Webhook(
        webhook_id=webhook_id,
        user_id="มะลิ",
        url="https://hooks.example.org/",
        name="",
        events=TOLD,
        include_content=False,
        created_at=now,
        secret_number=number,
        secret_hash=hash_of(SIGNER.secret(webhook_id, number)),
        previous_until=previous_until,
    )


def cases() -> Iterator[tuple[str, Mapping[str, str], bytes, bool]]:
    """Yield a secret, what came, and whether it is to be believed."""
    now = datetime.now(UTC)
    webhook = a_webhook(2, now, previous_until=now + timedelta(hours=1))
    new, old = (shown(SIGNER.secret(webhook.webhook_id, number)) for number in (2, 1))
    headers = SIGNER.headers(webhook, "msg_1", BODY, now)
    yield new, headers, BODY, True
    yield old, headers, BODY, True
    yield shown(SIGNER.secret(uuid4(), 2)), headers, BODY, False
    yield new, headers, BODY + b" ", False
    yield new, {**headers, "webhook-id": "msg_2"}, BODY, False
    yield new, {**headers, "webhook-timestamp": str(int(now.timestamp()) - 1)}, BODY, False
    yield new, {**headers, "webhook-signature": "v1,"}, BODY, False
    late = SIGNER.headers(webhook, "msg_1", BODY, now - timedelta(minutes=6))
    yield new, late, BODY, False


def test_the_receiver_in_python_believes_what_is_signed_alone() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    for secret, headers, body, is_ours in cases():
        assert names["is_from_thai_chat"](secret, headers, body) is is_ours, headers


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node here")
def test_the_receiver_in_javascript_believes_what_is_signed_alone(tmp_path: Path) -> None:
    (tmp_path / "receiver.mjs").write_text(block("javascript"), "utf-8")
    given = list(cases())
    wanted = json.dumps([[secret, dict(headers), body.decode()] for secret, headers, body, _ in given])
    (tmp_path / "run.mjs").write_text(
        "import { isFromThaiChat } from './receiver.mjs'\n"
        f"const given = {wanted}\n"
        "console.log(JSON.stringify(given.map(([s, h, b]) => isFromThaiChat(s, h, Buffer.from(b)))))\n",
        "utf-8",
    )
    ran = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(ran.stdout) == [is_ours for *_, is_ours in given]
