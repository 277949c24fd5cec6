"""Files that stand beside the chats in other programs' exports and hold none: nobody has to pick them out."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_NAMES = re.compile(
    r"(?:users?|user_settings|export_manifest|message_feedback|model_comparisons|shared_conversations|group_chats"
    r"|shopping|projects?|memories|memory|custom_gpts?|assistants?|settings|account|sora|library_files"
    r"|conversation_asset_file_names|design_chats|codex_.*)(?:[-_]\d+)?\.json"
)
_KINDS = re.compile(
    r".*\.(?:html?|txt|md|pdf|docx?|xlsx?|csv|png|jpe?g|gif|webp|heic|svg|wav|mp3|m4a|ogg|mp4|mov|dat|py|js|css)"
)
_MOST_CHARS = 100


def is_companion(name: str) -> bool:
    """By the name of a file, which may be behind that of its archive."""
    plain = PurePosixPath(name.rpartition(": ")[2]).name.lower()
    return len(plain) <= _MOST_CHARS and bool(_NAMES.fullmatch(plain) or _KINDS.fullmatch(plain))
