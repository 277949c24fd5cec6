"""The command line: `thai-chat COMMAND`, and `python -m thai_chat COMMAND`, which manage.sh calls."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from thai_chat import __version__, observability
from thai_chat import settings as settings_module
from thai_chat.commands import usage
from thai_chat.commands.terminal import let_go_of_output, tell
from thai_chat.domain.errors import StartError, ThaiChatError
from thai_chat.settings import Settings

_EPILOG = "Settings and chats are in THAI_CHAT_HOME, else in ~/.local/share/thai-chat; in a clone, in the clone."

# Each command imports what it needs when it runs, so that a wrong setting or a taken port is told at once.


_NOBODY_READS = 128 + signal.SIGPIPE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    It is 0 for done, 1 for a problem that was told, 2 for wrong usage, 130 for Ctrl-C, which for `serve` is 0, and 141
    when nobody reads what it prints.
    """
    parser = _parser()
    asked = parser.parse_args(arguments)
    # Looked at here: argparse would name the file that is missing, where an option is misspelt.
    if asked.command == "restore" and not (asked.file or asked.undo or asked.forget_old or asked.take_journal):
        parser.error("restore: which file? thai-chat restore FILE [--replace]; thai-chat restore --help has the rest")
    if asked.command in ("help", "version"):
        # argparse ends the process by itself.
        parser.parse_args([f"--{asked.command}"])
    try:
        code = _run(asked)
        return code if let_go_of_output() else _NOBODY_READS
    except BrokenPipeError:
        let_go_of_output()
        return _NOBODY_READS
    except KeyboardInterrupt:
        return 130
    except OSError as error:  # what no command expected of the files that it was given
        tell(f"thai-chat: {_told(error)}", to=sys.stderr)
        return 1
    except (StartError, ThaiChatError) as error:
        for line in str(error).splitlines():
            tell(f"thai-chat: {line}", to=sys.stderr)
        return 1


def _told(error: OSError) -> str:
    what = error.strerror or type(error).__name__
    return f"{error.filename} can't be used: {what}." if error.filename else f"{what}."


def _run(asked: argparse.Namespace) -> int:
    if asked.command == "demo-model":
        from thai_chat.commands import demo_model

        return demo_model.run()
    if asked.command == "doctor":
        from thai_chat.commands import doctor

        return doctor.run()
    settings = settings_module.load()
    observability.configure(settings.log_level, settings.log_format)
    for line in settings_module.misspelt():
        tell(f"thai-chat: {line}", to=sys.stderr)
    return _run_with(settings, asked)


def _run_with(settings: Settings, asked: argparse.Namespace) -> int:
    match asked.command:
        case "serve" | "chat-web-db":
            return _serve(settings)
        case "migrate":
            from thai_chat.commands import migrate

            return migrate.run(settings)
        case "status":
            from thai_chat.commands import status

            return status.run(settings)
        case "backup":
            from thai_chat.commands import backup

            return backup.run(settings, asked.file)
        case "restore":
            return _restore(settings, asked)
        case "user":
            from thai_chat.commands import user

            return user.run(settings, asked)
    raise AssertionError(asked.command)


def _restore(settings: Settings, asked: argparse.Namespace) -> int:
    from thai_chat.commands import restore

    if asked.undo:
        return restore.undo(settings)
    if asked.forget_old:
        return restore.forget_old(settings)
    if asked.take_journal:
        return restore.take_journal(settings)
    return restore.run(settings, asked.file, replace=asked.replace)


def _serve(settings: Settings) -> int:
    from thai_chat import bootstrap
    from thai_chat.commands.terminal import progress

    # kill, and closing the terminal, end it as Ctrl-C does: the web server would pass SIGTERM on to Python, which
    # dies of it before the database is stopped. With nohup, SIGHUP stays ignored.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    # A shell that starts something in the background makes it ignore Ctrl-C, and with it all of the above.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        bootstrap.serve(settings, progress=progress)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thai-chat", description="Thai Chat", epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"thai-chat {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "serve",
        aliases=["chat-web-db"],
        help="serve the page and the API",
        description=usage.SERVE,
        epilog=f"{usage.every_setting()}\n\n{_EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, (help_, description) in usage.VERBS.items():
        commands.add_parser(name, help=help_, description=description)
    backup = commands.add_parser("backup", help="copy every chat into one file", description=usage.BACKUP)
    backup.add_argument(
        "file", nargs="?", metavar="FILE or FOLDER", help="default: a new file in the folder backups of DATA_DIR"
    )
    restore = commands.add_parser(
        "restore", help="put the chats of a backup into the database", description=usage.RESTORE
    )
    what = restore.add_mutually_exclusive_group()
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a backup that backup made")
    what.add_argument("--undo", action="store_true", help="put back what the last restore replaced")
    what.add_argument("--forget-old", action="store_true", help="drop what restores have replaced")
    what.add_argument("--take-journal", action="store_true", help="store what waited for chats that were replaced")
    restore.add_argument("--replace", action="store_true", help="also when chats are there; they are kept")
    user = commands.add_parser("user", help="the people who have accounts", description=usage.USER)
    usage.add_user_arguments(user)
    commands.add_parser("version", help="the version, as --version")
    commands.add_parser("help", help="this")
    return parser


if __name__ == "__main__":
    sys.exit(main())
