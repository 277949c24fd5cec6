"""Files that stand beside the chats in other programs' exports and hold none: nobody has to pick them out."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_NAMES = re.compile(
    r"(?:users?|user_settings|export_manifest|message_feedback|model_comparisons|shared_conversations|group_chats"
    r"|shopping|projects?|memories|memory|custom_gpts?|assistants?|settings|account|sora|library_files"
    r"|conversation_asset_file_names|design_chats|codex_.*)(?:[-_]\d+)?\.json"
)
_PICTURES = re.compile(r".*\.(?:png|jpe?g|gif|webp|heic|svg)")
_OTHERS = re.compile(r".*\.(?:html?|txt|md|pdf|docx?|xlsx?|csv|wav|mp3|m4a|ogg|mp4|mov|dat|py|js|css)")
_MOST_CHARS = 100


def is_companion(name: str) -> bool:
    """Tell by its name, which may be behind that of its archive, whether a file stands beside the chats and holds
    none."""
    plain = _plain(name)
    return len(plain) <= _MOST_CHARS and any(kind.fullmatch(plain) for kind in (_NAMES, _PICTURES, _OTHERS))


def why_alone(name: str) -> str:
    """Return the code of why a companion holds no chats, for one that no export came with."""
    plain = _plain(name)
    if _PICTURES.fullmatch(plain):
        return "import_picture"
    return "import_document" if _OTHERS.fullmatch(plain) else "import_companion"


def _plain(name: str) -> str:
    return PurePosixPath(name.rpartition(": ")[2]).name.lower()
