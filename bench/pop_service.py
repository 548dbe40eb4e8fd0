"""The service under test, as `meridian run` composes it, in a process of its own.

python -m bench.pop_service DATABASE_URL AMI_PORT FOLDER. Prints its port when the line is live; ends when its standard input does.
"""

import asyncio
import sys
from pathlib import Path

from bench.dataset import SITE
from bench.pop_traffic import OPERATORS
from configuration import Configuration, Pbx, Site, Storage
from core.model import Role
from service import Service
from telephony.pbx_settings import AmiAccount
from web.settings import WebSettings

PASSWORD = "correct horse"


async def main(url: str, ami_port: int, folder: Path) -> None:
    account = AmiAccount(user="svc", secret="secret")
    service = Service(
        Configuration(
            site=Site(name=SITE, timezone="Europe/Moscow", region="RU", agents=("PJSIP/1???", "PJSIP/7???")),
            pbx={"main": Pbx(host="127.0.0.1", port=ami_port, listener=account, reconcile_s=3_600)},
            database=Storage(url=url, folder=folder),
            web=WebSettings(port=0),
        )
    )
    async with service.running():
        for extension in OPERATORS:
            await service.accounts.add_user(
                login=f"op{extension}", name="Op", password=PASSWORD, role=Role.OPERATOR, site=SITE, extension=extension
            )
        await service.links["main"].settled()
        print(service.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
