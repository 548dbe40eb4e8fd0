"""asyncpg with the look-up's statement, awaited one after the other. Runs under the peers' venv: no import of ours.

python peer_asyncpg.py DATABASE_URL. Reads one line of JSON ({"statement", "arguments"}), then a line with numbers for each round;
answers each round with a line of JSON: the seconds of every look-up.
"""

import asyncio
import json
import sys
import time

import asyncpg


async def main(url: str) -> None:
    loop = asyncio.get_running_loop()
    asked = json.loads(sys.stdin.readline())
    connection = await asyncpg.connect(url, server_settings={"jit": "off"})
    look_up = await connection.prepare(asked["statement"])
    at = asked["arguments"].index(None)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        took = []
        for number in json.loads(line):
            arguments = [*asked["arguments"][:at], number, *asked["arguments"][at + 1 :]]
            began = time.perf_counter()
            rows = await look_up.fetch(*arguments)
            took.append(time.perf_counter() - began)
            if len(rows) != asked["rows"]:
                raise SystemExit(f"found {len(rows)} rows")
        print(json.dumps(took), flush=True)
    await connection.close()


asyncio.run(main(sys.argv[1]))
