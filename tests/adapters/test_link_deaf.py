"""A listener that lacks a read class is recognised by the link itself as soon as the PBX has something to tell."""

import pytest

from telephony.link_state import LinkState
from telephony.pbx_settings import AmiAccount, PbxSettings
from tests.adapters.link_line import Line, until
from tests.rig.driver import Ami
from tests.rig.instance import Asterisk

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("read", "calls", "lacking"),
    [("system,agent,user", "Local/901@from-trunk/n", "call"), ("system,call,user", "Local/500@from-trunk/n", "agent")],
)
async def test_a_missing_read_class_is_named(asterisk: Asterisk, read: str, calls: str, lacking: str) -> None:
    account = AmiAccount(user=f"without-{lacking}", secret="x")
    with (asterisk.directory / "etc" / "manager.conf").open("a") as end:
        end.write(
            f"\n[{account.user}]\nsecret = x\nread = {read}\nwrite = reporting,user,call,agent\nwritetimeout = 5000\n"
        )
    asterisk.cli("manager", "reload")
    line = Line(PbxSettings(name="pbx", host="127.0.0.1", port=asterisk.ports.ami, listener=account, reconcile_s=1.5))
    await line.link.start()
    driver = Ami(asterisk.ports.ami)
    try:
        await line.live()
        driver.action("Originate", Channel=calls, Application="Wait", Data="40", Async="true")
        await until(lambda: line.link.state is LinkState.MISSING_RIGHTS, 20.0)
        assert f"read class {lacking}," in line.link.state_text
        assert "manager reload" in line.link.state_text
    finally:
        await line.link.stop()
        driver.close()
