"""Markdown on the pages behind links: what is drawn, what is not, and that hostile text is bounded."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.growth import require_linear
from thai_chat.sharing.markdown import MARKDOWN_CHARS, SpokenLabels, as_html

CASES = sorted((Path(__file__).parent.parent / "browser" / "cases").rglob("*.md"))
LABELS = SpokenLabels(code="โค้ด", formula="สูตร", table="ตาราง")
TAGS = frozenset(
    {
        *("p", "br", "hr", "a", "b", "em", "strong", "s", "code", "pre", "div", "ul", "ol", "li", "blockquote"),
        *("table", "thead", "tbody", "tr", "th", "td", "h3", "h4", "h5", "h6"),
    }
)
ATTRIBUTES = frozenset({"href", "rel", "title", "class", "tabindex", "role", "aria-label", "dir", "start"})


class Reading(HTMLParser):
    """Notes whatever is in the HTML that is not known to be harmless."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.odd: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in TAGS or not given.keys() <= ATTRIBUTES:
            self.odd.append(f"<{tag} {given}>")
        if href := given.get("href"):
            self.links.append(href)
            if given.get("rel") != "noopener noreferrer nofollow ugc":
                self.odd.append(f"{href} tells who links")

    def handle_comment(self, data: str) -> None:
        self.odd.append(f"<!--{data}-->")

    handle_decl = unknown_decl = handle_pi = handle_comment


def drawn(text: str) -> str:
    return as_html(text, LABELS)


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- comment --><?php ?><![CDATA[x]]>",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d](vbscript:x) [e](file:///etc/passwd)",
    "[a](&#106;avascript:alert(1)) [b](java\tscript:alert(1)) [c](\x01javascript:alert(1))",
    "<javascript:alert(1)> <data:text/html,x>",
    "![x](javascript:alert(1)) ![y](data:image/svg+xml,x) ![z](https://evil.example/pixel.png)",
    "[ref]: javascript:alert(1)\n\n[ref]",
    '[x](https://a.example "\\" onmouseover=alert(1) x=\\"")',
    '[x](https://a.example/"onmouseover="alert(1))',
    '```"><script>alert(1)</script>\ncode\n```',
    "$<img src=x onerror=alert(1)>$ and $$</code><script>x</script>$$",
    "$$\n</code></pre><script>alert(1)</script>\n$$",
    "| <b>a</b> | `|` |\n|:-:|--:|\n| <i>x</i> | y |",
    'https://a.example/"onmouseover=alert(1) http:// https://[::1 https://a.example/<script>',
    "[relative](/api/sessions) [anchor](#x) [other](//evil.example)",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_model_writes_does_more_than_be_read(text: str) -> None:
    reading = Reading(drawn(text))
    assert reading.odd == []
    assert all(re.match(r"https?://|mailto:", link) for link in reading.links)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_other_tests_draw_is_harmless_here_too(case: Path) -> None:
    assert Reading(drawn(case.read_text("utf-8"))).odd == []


def test_pictures_are_links_and_nothing_else() -> None:
    html = drawn("![ไก่](https://example.com/x.png) ![](http://example.com/y.png)")
    assert "<img" not in html
    assert Reading(html).links == ["https://example.com/x.png", "http://example.com/y.png"]
    assert ">ไก่</a>" in html


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# ชื่อ", '<h3 class="level-1">ชื่อ</h3>'),
        ("**หนา** *เอน* ~~ขีด~~ `โค้ด`", "<strong>หนา</strong> <em>เอน</em> <s>ขีด</s> <code>โค้ด</code>"),
        ("- ก\n  1. ข", "<li>ข</li>"),
        ("|ก|ข|\n|-|-:|\n|1|2|", '<td class="right">2</td>'),
        ("```python\nx < y\n```", '<div class="language">python</div>'),
        ("```python\nx < y\n```", "<code>x &lt; y\n</code>"),
        ("$a_1 + b_2$ และ \\(c_3\\)", '<code class="formula">a_1 + b_2</code> และ <code class="formula">c_3</code>'),
        ("ราคา $5 ถึง $6 บาท", "ราคา $5 ถึง $6 บาท"),
        ("\\[\nx_1 = *y*\n\\]", "<code>x_1 = *y*</code>"),
        ("$$a$$", "a</code>"),
        ("เปิด $$ แล้วไม่ปิด\n\n**ต่อ**", "<strong>ต่อ</strong>"),
        ("ดู https://a.example/x_y?q=1&b=2ครับ", "x_y?q=1&amp;b=2</a>ครับ"),
        ("(ดู https://a.example/x).", "https://a.example/x</a>)."),
        ("[https://a.example](https://b.example)", 'ugc">https://a.example</a></p>'),
        ("`https://a.example`", "<code>https://a.example</code>"),
        ("```mermaid\ngraph TD\n```", "graph TD"),
    ],
)
def test_what_people_write_is_drawn(text: str, found: str) -> None:
    assert found in drawn(text)


UNITS = (
    *("*", "**a", "_a ", "a*", "`", "``a` ", "[", "![", "[a](", "[a](<", "[a][", "[a]: b\n", "<", "<a", "&a", "\\"),
    *("\\(", "\\[", "$", "$a", "$$", "$$a\n", "~~a", "> ", ">\n", "- ", "- a\n", "1. a\n", "# a\n", "```\n", "    a\n"),
    *(
        "|",
        "|a|\n",
        "a|b\n-|-\n",
        "a\n",
        "ก",
        "***",
        "_*",
        "**_",
        "http://",
        "http://a",
        "<!--",
        "](",
        "[a](()",
        "- - ",
        "> - ",
    ),
)


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    require_linear(drawn, lambda size: unit * (size // len(unit)), size=4_000)


@pytest.mark.parametrize(
    "text",
    [
        "|".join("a" * 500) + "\n" + "|".join("-" * 500) + "\n" + "x\n" * 40_000,
        ("|".join("a" * 100) + "\n" + "|".join("-" * 100) + "\n" + "x\n" * 20 + "\n") * 220,
        "> " * 40_000 + "x",
        "- " * 40_000 + "x",
        "[" * 40_000 + "x" + "](https://a.example)" * 3_000,
    ],
    ids=["a wide table", "many tables", "quotations", "lists", "brackets"],
)
def test_what_is_drawn_is_bounded(text: str) -> None:
    html = drawn(text[:MARKDOWN_CHARS])
    assert len(html) < 20 * MARKDOWN_CHARS
    assert Reading(html).odd == []


def test_a_text_that_is_too_long_to_be_drawn_is_shown_as_it_is() -> None:
    text = "**ก** <b>" * (MARKDOWN_CHARS // 9 + 1)
    html = drawn(text)
    assert html.startswith('<p class="plain">**ก** &lt;b&gt;')
    assert Reading(html).odd == []
