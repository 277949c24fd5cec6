"""Files as they are handed in for an import."""

from __future__ import annotations

import tempfile

from thai_chat.chat.transfer.upload import GivenFile, Upload


def upload(*contents: bytes, name: str = "แชต.json") -> Upload:
    """Return an upload on the disk; whoever imports it closes it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the upload closes it
    files = []
    for content in contents:
        files.append(GivenFile(name, file.tell(), len(content)))
        file.write(content)
    file.flush()
    return Upload(file, files)
