"""Blocks of code that are put where a message stands, at once or growing."""

from __future__ import annotations

from tests.browser.chat_page import ChatPage
from tests.browser.message_pieces import in_message

SAMPLES = {
    "bash": 'for f in *.txt; do echo "$f"; done # all',
    "shell": '$ echo "hi"',
    "powershell": "Get-ChildItem | Where-Object { $_.Length -gt 10 } # big",
    "c": "#include <stdio.h>\nint main(void) { return 0; }",
    "cpp": "std::vector<int> v{1, 2}; // two",
    "c++": "class A final { public: int x = 1; };",
    "C++": "template <typename T> T f(T x) { return x; }",
    "csharp": 'public class A { string s = "x"; }',
    "java": 'public class A { String s = "x"; }',
    "kotlin": 'fun main() { println("x") }',
    "swift": 'let s: String = "x"',
    "go": 'func main() { fmt.Println("x") }',
    "rust": "fn main() { let v = vec![1, 2]; }",
    "python": 'def f(x: int) -> str:\n    """คำ"""\n    return str(x)',
    "javascript": "const x = `a ${1}`;",
    "typescript": "interface A { x: number }",
    "jsx": 'const a = <b className="c">x</b>;',
    "tsx": 'const a: B = <b className="c">x</b>;',
    "json": '{"a": 1, "b": null}',
    "yaml": "a: 1\nb: 'x'",
    "toml": '[a]\nb = "x"',
    "ini": "[a]\nb = 1",
    "xml": "<a b='c'>x</a>",
    "html": "<script>var a = 1;</script><style>a { color: red }</style>",
    "css": "a:hover { color: #fff }",
    "scss": "$x: 1px; a { b { margin: $x } }",
    "sql": "SELECT a FROM b WHERE c = 'x'",
    "php": "<?php echo 'x'; ?>",
    "ruby": "def f(x)\n  puts 'x'\nend",
    "perl": "my $x = 'y'; # z",
    "lua": "local x = 'y' -- z",
    "r": "f <- function(x) { x + 1 }",
    "julia": "function f(x)\n  x + 1\nend",
    "haskell": "module Main where\nmain :: IO ()",
    "elixir": 'defmodule A do\n  def f, do: "x"\nend',
    "erlang": "-module(a).\nf(X) -> X + 1.",
    "scala": 'object A { val x = "y" }',
    "clojure": '(defn f [x] (str x "y"))',
    "dart": "void main() { print('x'); }",
    "objective-c": "@interface A : NSObject\n@end",
    "matlab": "function y = f(x)\n  y = x + 1;\nend",
    "dockerfile": "FROM python:3.14\nRUN echo 'x'",
    "nginx": "server { listen 80; }",
    "makefile": "all: a\n\techo $(X)",
    "cmake": "project(a)\nset(X 1)",
    "diff": "--- a\n+++ b\n-x\n+y",
    "markdown": "# a\n**b** `c`",
    "latex": "\\section{a} % b",
    "graphql": "query { a(id: 1) { b } }",
    "protobuf": 'syntax = "proto3";\nmessage A { int32 b = 1; }',
    "vbnet": 'Dim x As String = "y"',
    "fortran": "program a\n  integer :: x\nend program",
    "groovy": "def x = 'y'",
}
ADD = """
    const { codeBlock } = await load('message/code.mjs');
    const block = codeBlock({ isOpen: false, info: '', ...given });
    place.append(block.element);
"""
GROW = """
    const { codeBlock } = await load('message/code.mjs');
    const { code, steps, info } = given;
    const grown = codeBlock({ code: '', info, isOpen: true });
    place.append(grown.element);
    for (const step of steps) {
        grown.update({ code: step, isOpen: true });
        if (grown.element.querySelector('code').textContent !== step) throw new Error(step);
        if (given.waits) await new Promise((done) => setTimeout(done, 40));
    }
    grown.update({ code, isOpen: false });
    const whole = codeBlock({ code, info, isOpen: false });
    place.append(whole.element);
"""


async def add(page: ChatPage, code: str, info: str = "", **more: object) -> None:
    await in_message(page, ADD, {"code": code, "info": info, **more})


async def html_of(page: ChatPage) -> list[str]:
    html: list[str] = await page.page.locator("#placed .code").evaluate_all("all => all.map((one) => one.outerHTML)")
    return html
