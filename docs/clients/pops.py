"""A screen without a screen: signs in, prints every pop as a line of JSON, acknowledges it, comes back when the line breaks.

pip install httpx websockets; MERIDIAN_PASSWORD=... python pops.py http://127.0.0.1:8080 anna 1001
"""

import asyncio
import json
import os
import random
import sys

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def main(origin: str, login: str, extension: str) -> None:
    who = {"login": login, "password": os.environ["MERIDIAN_PASSWORD"], "extension": extension}
    where, at = origin.replace("http", "ws", 1) + "/api/socket", {"epoch": None, "version": None}
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}) as http:
        (await http.post("/api/session", json=who)).raise_for_status()
        cookie = {"Cookie": f"meridian_session={http.cookies['meridian_session']}"}
        while True:
            try:
                ticket = (await http.post("/api/socket-ticket")).raise_for_status().json()["ticket"]
                protocols = ["meridian.v1", f"ticket.{ticket}"]
                async with connect(where, origin=origin, subprotocols=protocols, additional_headers=cookie) as line:
                    await line.send(json.dumps({"type": "resume", **at}))
                    async for text in line:
                        said = json.loads(text)
                        if said["type"] == "tick":
                            await line.send('{"type":"pulse"}')
                        elif said["type"] == "welcome":
                            at["epoch"] = said["epoch"]
                        elif "version" in said:
                            sys.stdout.write(json.dumps(said) + "\n")
                            sys.stdout.flush()
                            at["version"] = said["version"]
                            await line.send(json.dumps({"type": "ack", "version": said["version"]}))
            except (OSError, httpx.TransportError, WebSocketException) as broken:
                closed = getattr(broken, "rcvd", None)
                if closed and closed.code in (4401, 4409):
                    return  # signed out, or too many screens: don't come back
            await asyncio.sleep(random.uniform(0.1, 4))  # never all at once; what is missed comes with the next resume


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
