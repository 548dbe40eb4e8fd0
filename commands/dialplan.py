"""`meridian dialplan`: print what Asterisk's dialplan needs for the queues with mode = "acd", made of meridian.toml.

Two files, each to be included once in a file that you have; nothing of your own is changed. Make them anew after every change of an
ACD queue in meridian.toml; `meridian doctor` says when it is time.
"""

import contextlib
import os
import tempfile
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

import configuration
from configuration import Configuration
from core.errors import BadConfiguration, Unavailable
from routing.settings import Mode
from telephony.dialplan import EXTENSIONS, QUEUES, AcdQueue, Dialplan, dialplan_of

_EPILOG = """\
examples:
  meridian dialplan                            look at it
  meridian dialplan --write /etc/asterisk      write both files, and say what to include where

Plain Asterisk: `#include meridian_extensions.conf` at the end of extensions.conf, `#include meridian_queues.conf` at the end of
queues.conf. FreePBX: the same lines in extensions_custom.conf and queues_custom.conf.
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        default=configuration.DEFAULT_FILE,
        help="the configuration (default: meridian.toml here)",
    )
    parser.add_argument("--write", metavar="DIR", type=Path, help="write the files there instead of printing them")


def run(arguments: Namespace) -> int:
    made = dialplan_of(acd_queues(configuration.load(arguments.config, _Secrets())))
    if arguments.write is None:
        print("\n".join(f"; ======== {name}\n{text}" for name, text in made.files.items()), end="")
        return 0
    write(made, arguments.write)
    print(_next_steps(made, arguments.write))
    return 0


class _Secrets(dict[str, str]):
    """The dialplan holds none, so that none need be set."""

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        return os.environ.get(name, default or "0")


def distributed(settings: Configuration) -> list[AcdQueue]:
    """The queues that Meridian distributes."""
    return [
        AcdQueue(name=name, lobby=queue.lobby, fallback=queue.fallback)
        for name, queue in settings.queues.items()
        if queue.mode is Mode.ACD
    ]


def acd_queues(settings: Configuration) -> list[AcdQueue]:
    """The same; BadConfiguration if there is none."""
    found = distributed(settings)
    if not found:
        raise BadConfiguration(
            'no queue has mode = "acd", so Asterisk needs nothing of ours: add it to [queues.NAME] if Meridian shall pick the '
            "operators there"
        )
    return found


def write(made: Dialplan, folder: Path) -> None:
    """Both files, each whole or not at all."""
    for name, text in made.files.items():
        try:
            _replace(folder / name, text)
        except OSError as error:
            raise Unavailable(
                f"can't write {folder / name} ({error.strerror}): name a folder that you may write to, or run it as root"
            ) from error


def _replace(path: Path, text: str) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(draft, 0o644)  # Asterisk's own user must read it
        os.replace(draft, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def _next_steps(made: Dialplan, folder: Path) -> str:
    return f"""\
Written to {folder}: {EXTENSIONS} and {QUEUES} (version {made.version}).

Once, if it isn't there yet:
  at the end of extensions.conf   (FreePBX: extensions_custom.conf)   #include {EXTENSIONS}
  at the end of queues.conf       (FreePBX: queues_custom.conf)       #include {QUEUES}
  where a queue's callers arrive                                      Goto(meridian-acd,NAME,1)
Then, now and after every change:
  asterisk -rx 'dialplan reload' ; asterisk -rx 'queue reload all'
  meridian doctor"""
