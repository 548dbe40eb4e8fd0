"""Playing scenes on fresh instances, recording them, and storing the recordings that the tests replay."""

import argparse
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.scenes import SCENES
from tests.rig.stage import Stage

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def play(name: str, asterisk: Asterisk) -> Stage:
    """Play one scene; the stage is closed but keeps its truth and its recordings."""
    about = (SCENES[name].__doc__ or "").strip()
    stage = Stage(asterisk.ports.ami, asterisk.ports.sip, name=name, about=about)
    try:
        SCENES[name](stage)
        stage.settle(1)
    finally:
        stage.close()
    return stage


def record(name: str, out: Path) -> str:
    """Play on an instance of its own, write the files, one line of what came out."""
    began = time.time()
    try:
        with Asterisk() as asterisk:
            stage = play(name, asterisk)
            cdr = asterisk.cdr_csv.read_bytes() if asterisk.cdr_csv.exists() else b""
    except (RigError, KeyError, AssertionError) as e:
        return f"{name:28} FAILED: {str(e)[:1500]}"
    (out / f"{name}.ami").write_bytes(stage.ami.raw)
    (out / f"{name}.listener.ami").write_bytes(stage.listener.raw)
    (out / f"{name}.csv").write_bytes(cdr)
    text = json.dumps(stage.truth, ensure_ascii=False, indent=1) + "\n"
    (out / f"{name}.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    return f"{name:28} {time.time() - began:5.1f} s, {len(stage.ami.raw)} bytes, {len(stage.ami.events())} events"


def store(out: Path) -> None:
    """Keep the recordings that the tests replay, without the long lists of an idle PBX at their beginning.

    A shape that is there already stays as it is: tests quote its ids and times.
    """
    for path in sorted(out.glob("*.listener.ami")):
        name = path.name.removesuffix(".listener.ami")
        target = SCENARIOS / name
        if target.exists():
            continue
        target.mkdir(parents=True)
        (target / "stream.ami").write_bytes(without_idle_lists(path.read_bytes()))
        (target / "truth.json").write_bytes(path.with_name(name + ".json").read_bytes())
        (target / "cdr.csv").write_bytes(path.with_name(name + ".csv").read_bytes())


def without_idle_lists(raw: bytes) -> bytes:
    """Drop the answers to the recorder's first QueueStatus and CoreShowChannels (actions 2 and 3)."""
    greeting, body = raw.split(b"\r\n", 1)
    blocks = [b for b in body.split(b"\r\n\r\n") if b]
    kept = [b for b in blocks if not re.search(rb"^ActionID: rig-[23]\r?$", b, re.MULTILINE)]
    return greeting + b"\r\n" + b"".join(b + b"\r\n\r\n" for b in kept)


def main(about: str) -> int:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["list", "play", "record", "store"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path, default=Path("recordings"))
    parser.add_argument("-j", "--jobs", type=int, default=2, help="instances side by side (record)")
    args = parser.parse_args()
    if unknown := [n for n in args.names if n not in SCENES and n != "all" and args.command != "store"]:
        parser.error(f"no scene {', '.join(unknown)}; see 'scenario list'")
    names = list(SCENES) if args.names == ["all"] else args.names
    match args.command:
        case "list":
            for name, scene in SCENES.items():
                print(f"{name:28} {(scene.__doc__ or '').strip().splitlines()[0]}")
        case "play":
            for name in names:
                with Asterisk() as asterisk:
                    print(json.dumps(play(name, asterisk).truth, ensure_ascii=False, indent=1))
        case "store":
            store(Path(args.names[0]))
        case _:
            return record_all(names, args.out, jobs=args.jobs)
    return 0


def record_all(names: list[str], out: Path, *, jobs: int) -> int:
    os.makedirs(out, exist_ok=True)
    failed = 0
    with ThreadPoolExecutor(jobs) as pool:
        for line in pool.map(lambda name: record(name, out), names):
            failed += "FAILED" in line
            print(line, flush=True)
    if failed:
        print(f"{failed} of {len(names)} failed", file=sys.stderr)
    return 1 if failed else 0
