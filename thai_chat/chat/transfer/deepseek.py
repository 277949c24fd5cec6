"""DeepSeek's export: ChatGPT's tree of nodes, with messages that are made of fragments."""

from __future__ import annotations

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.folds import tool_call
from thai_chat.chat.transfer.said import files_of, joined
from thai_chat.chat.transfer.trees import Node, Origin, session_of
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession

_MODEL = "deepseek-chat"


def is_deepseek(value: Loaded) -> bool:
    if not isinstance(value, dict) or not isinstance(mapping := value.get("mapping"), dict):
        return False
    messages = (node.get("message") for node in mapping.values() if isinstance(node, dict))
    return "inserted_at" in value or any(isinstance(one, dict) and "fragments" in one for one in messages)


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return the session that a conversation of DeepSeek becomes. Raises ImportRefused."""
    fields = Fields(value, place)
    name = fields.word("title") or ""
    fields.entitled(name)
    nodes: dict[str, Node] = {}
    # A node without words of its own is passed over: what hangs on it hangs on the one above.
    above: dict[str, str | None] = {}
    mapping = fields.each_within("mapping")
    for key in _from_the_root(mapping):
        link = mapping[key]
        parent = link.word("parent")
        parent = above.get(parent or "")
        node = _node(key, nodes.get(parent or ""), link.within("message"))
        above[key] = key if node else parent
        if node:
            nodes[key] = node
    model = next((node.model for node in reversed(nodes.values()) if node.model), _MODEL)
    origin = Origin(
        program="deepseek",
        key=fields.key("id"),
        name=name,
        backend="deepseek",
        model=model,
        created_at=fields.moment("inserted_at", "created_at"),
        updated_at=fields.moment("updated_at"),
        leaf=above.get(fields.word("current_node") or ""),
    )
    return session_of(origin, nodes)


def _from_the_root(mapping: dict[str, Fields]) -> list[str]:
    """Return the keys of the nodes, each after its parent's; those on a circle are left out."""
    children: dict[str | None, list[str]] = {}
    for key, link in mapping.items():
        parent = link.word("parent")
        children.setdefault(parent if parent in mapping else None, []).append(key)
    found = list(children.get(None, ()))
    for key in found:
        found += children.get(key, ())
    return found


def _node(key: str, parent: Node | None, message: Fields) -> Node | None:
    asked, said, folded = _fragments(message)
    role = Role.USER if asked else Role.ASSISTANT
    if not (asked or said or folded):
        # Exports of before the fragments do not say who speaks: people ask, and models answer.
        said, folded = message.word("content") or "", message.word("reasoning_content") or ""
        role = Role.ASSISTANT if parent and parent.role is Role.USER else Role.USER
    content = joined(asked, said, files_of(message.raw("files")))
    message.require_short(content, "fragments")
    message.require_short(folded, "fragments")
    if not content and not folded:
        return None
    return Node(
        key=key,
        parent=parent.key if parent else None,
        role=role,
        content=content,
        at=message.moment("inserted_at", "created_at"),
        model=message.word("model"),
        facts=ReplyFacts(reasoning=folded or None),
    )


def _fragments(message: Fields) -> tuple[str, str, str]:
    """Return what was asked, what was said, and what is folded."""
    asked, said, folded = [], [], []
    for fragment in message.listed("fragments"):
        content = fragment.word("content") or ""
        match fragment.raw("type"):
            case "REQUEST":
                asked.append(content)
            case "THINK":
                folded.append(content)
            case "RESPONSE" | "TIP" | "TEMPLATE_RESPONSE":
                said.append(content)
            case str() as kind if "SEARCH" in kind or "TOOL" in kind or "READ" in kind:
                queries = fragment.raw("queries") or fragment.raw("query")
                folded.append(tool_call(kind.lower(), queries, content))
            case _:
                said.append(content)
    return joined(*asked), joined(*said), joined(*folded)
