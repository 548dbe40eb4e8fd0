"""What the simulated PBX answers when it is asked for a variable: those that were set, and the few functions that Meridian asks."""

import re

from telephony.simulated_channels import STATES, Channel
from telephony.simulated_line import Exchange
from telephony.simulated_lobby import OURS

_EXISTS = re.compile(r"DIALPLAN_EXISTS\(([^,()]*),([^,()]*)(?:,1)?\)")


def value_of(exchange: Exchange, channel: Channel | None, name: str) -> str:
    """As Getvar tells it; empty where there is no such."""
    if name == "EPOCH":
        return str(exchange.switch.wall())
    if asked := _EXISTS.fullmatch(name):
        return str(int(_exists(exchange, asked[1], asked[2])))
    if channel is None:
        return exchange.switch.variables.get(name, "")
    if name == "CHANNEL(state)":
        return STATES[channel.state]
    return channel.variables.get(name, "")


def _exists(exchange: Exchange, context: str, exten: str) -> bool:
    if context in OURS:
        return exten in exchange.acd
    return exten in exchange.dids or exten in exchange.agents
