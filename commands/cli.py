"""The `meridian` command line: parses the verb, runs it, turns errors into one sentence and an exit code."""

import sys
from argparse import ArgumentParser
from importlib import import_module

from core.errors import ContactCentreError

VERBS = {
    "demo": "see it all on a simulated PBX, nothing to set up",
    "doctor": "look whether everything is set up right, and say what to mend",
    "check": "read the configuration, and say who will be missing when",
    "dialplan": "the part of Asterisk's dialplan that ACD queues need",
    "run": "attach to your Asterisk and serve",
    "user": "who may sign in",
    "import": "bring in clients from a table or from vCards",
    "export": "write all clients into a table or into vCards",
    "record": "keep the raw AMI stream of a live PBX",
    "simulate": "try a configuration on callers that you describe or have recorded",
    "replay": "read a raw AMI capture and print the cards that it makes",
}
# `import` is a word of Python's own.
MODULES = {"import": "import_clients", "export": "export_clients"}


def main(argv: list[str] | None = None) -> int:
    parser = ArgumentParser(prog="meridian", description="A contact centre on your own Asterisk.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    asked = sys.argv[1:] if argv is None else argv
    for name, summary in VERBS.items():
        verb = verbs.add_parser(name, help=summary)
        if asked[:1] == [name]:
            # Only the verb that is meant: reading a capture needs neither the web nor a database.
            module = import_module(f"commands.{MODULES.get(name, name)}")
            verb.description = module.__doc__
            module.add_arguments(verb)
            verb.set_defaults(run=module.run)
    arguments = parser.parse_args(asked)
    try:
        return int(arguments.run(arguments))
    except ContactCentreError as error:
        return _refused(error)
    except ExceptionGroup as group:
        known, other = group.split(ContactCentreError)
        if known is None or other is not None:
            raise
        return _refused(_first(known))


def _refused(error: BaseException) -> int:
    print(f"meridian: {error}", file=sys.stderr)
    return 1


def _first(group: BaseException) -> BaseException:
    """The error itself out of the task groups that it came through."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


if __name__ == "__main__":
    sys.exit(main())
