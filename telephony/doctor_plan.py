"""Judges how the PBX is set up around us: version, name, phones against people, queues, dialplan, parking. Pure."""

import re
from collections import Counter
from fnmatch import fnmatchcase

from telephony.doctor_accounts import classes
from telephony.doctor_findings import Finding, fail, named, ok, unseen, warn
from telephony.doctor_seen import Door, PbxSeen, Wanted

_TESTED, _DOUBTFUL, _OLDEST = 22, 18, 13


def judge_plan(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    """Only for a PBX that let us in."""
    if seen.listener.door is not Door.IN:
        return []
    return [
        _version(seen.version),
        _name(wanted, seen),
        *_network(wanted, seen),
        *_phones(wanted, seen),
        *_people(wanted, seen),
        *_members(wanted, seen),
        *_kept(wanted, seen),
        *_queues(wanted, seen),
        *_click_to_call(wanted, seen),
        *_parking(seen),
        _transfer(seen),
    ]


def _version(version: str) -> Finding:
    found = re.match(r"(?:certified[-/])?(\d+)\.", version)
    if found is None:
        text = f"The version of Asterisk can't be read ({version or 'none told'})."
        return unseen("version", text, f"Meridian is tested on Asterisk {_TESTED}.")
    major = int(found[1])
    if major == _TESTED:
        return ok("version", f"Asterisk {version} is the version that Meridian is tested on.")
    if major < _OLDEST:
        return fail(
            "version",
            f"Asterisk {version} is too old.",
            f"Upgrade to {_TESTED}; the oldest that can work is {_OLDEST}.",
        )
    doubt = "should work" if major >= _DOUBTFUL else "may lack what Meridian reads"
    return warn(
        "version",
        f"Asterisk {version} {doubt}, but Meridian is tested on {_TESTED} only.",
        f"Make a few calls and compare the cards with the call records, or upgrade to {_TESTED}.",
    )


def _name(wanted: Wanted, seen: PbxSeen) -> Finding:
    if seen.system_name:
        return ok("systemname", f"Asterisk calls itself {seen.system_name}: ids of calls are its own.")
    return warn(
        "systemname",
        "Asterisk has no systemname: ids of calls may come again after a restart"
        + (", and be the same on two PBXs." if not wanted.only_pbx else " with the clock set back."),
        f"Set systemname = {wanted.settings.name} in [options] of asterisk.conf, and restart Asterisk in a quiet hour.",
    )


def _network(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    local = wanted.settings.host in ("127.0.0.1", "::1", "localhost")
    found = []
    if not local and not wanted.settings.tls:
        found.append(
            warn(
                "ami_clear",
                f"The manager of {wanted.settings.host} is spoken to over the network in the clear.",
                "Set tls = true here, and tlsenable, tlsbindaddr and tlscertfile in manager.conf.",
            )
        )
    return [*found, _bind_address(seen)]


def _bind_address(seen: PbxSeen) -> Finding:
    mend = (
        "Set bindaddr in [general] of manager.conf to 127.0.0.1, or to an address that only Meridian's machine reaches."
    )
    if seen.bind_address is None:
        text = "Whether Asterisk's manager listens on all addresses (bindaddr = 0.0.0.0) can't be seen from here."
        return unseen("bindaddr", text, mend)
    if seen.bind_address in ("", "0.0.0.0", "::", "[::]"):
        text = "Asterisk's manager listens on all addresses: whoever reaches the machine may try passwords."
        return warn("bindaddr", text, mend)
    return ok("bindaddr", f"Asterisk's manager listens on {seen.bind_address} only.")


# -- phones and people


def _is_operators(wanted: Wanted, endpoint: str) -> bool:
    return any(fnmatchcase(endpoint, pattern) for pattern in wanted.settings.agents)


def _phones(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    if seen.devices is None:
        text = "The PBX's endpoints can't be seen: it refuses DeviceStateList."
        return [
            unseen("endpoints", text, "Load res_manager_devicestate.so, and give the listener write class reporting.")
        ]
    phones = {
        device for device in seen.devices if re.match(r"[A-Za-z0-9]+/", device) and not device.startswith("Local/")
    }
    ours = {phone for phone in phones if _is_operators(wanted, phone)}
    patterns = named(wanted.settings.agents)
    if not ours:
        return [
            fail(
                "endpoints_none",
                f"No endpoint of the PBX matches agents = {patterns}; it has {named(phones) or 'none'}.",
                f"Set `agents` in [site] of meridian.toml to {_pattern_for(phones)}.",
            )
        ]
    findings = [ok("endpoints", f"{len(ours)} operators' phones match {patterns}: {named(ours)}.")]
    strangers = {phone for phone in phones - ours if phone.partition("/")[2].isdigit()}
    if strangers:
        findings.append(
            warn(
                "endpoint_no_operator",
                f"Endpoints that look like phones match no pattern of operators: {named(strangers)}; their calls count as outside.",
                f"If operators sit there, add {_pattern_for(strangers)} to `agents` in [site] of meridian.toml.",
            )
        )
    if outside := phones - ours - strangers:
        findings.append(ok("endpoints_outside", f"Counted as outside: {named(outside)}."))
    return findings


def _pattern_for(phones: set[str]) -> str:
    """The glob that fits most of these phones: as many digits as most of them have, the first one kept."""
    shapes = Counter(
        f"{technology}/{name[0]}{'?' * (len(name) - 1)}"
        for technology, _, name in (phone.partition("/") for phone in sorted(phones))
        if name.isdigit()
    )
    return f'["{shapes.most_common(1)[0][0]}"]' if shapes else '["PJSIP/1???"], as your phones are called'


def _people(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    if wanted.people is None or seen.devices is None:
        return []
    if not wanted.people:
        text = "Nobody who may sign in has an extension."
        mend = "Add people: `meridian user add NAME --extension 1001`."
        return [warn("operators_none", text, mend)]
    findings = []
    for login, extension in sorted(wanted.people.items()):
        phone = wanted.endpoint(extension)
        if phone not in seen.devices:
            text = f"The operator {login} sits at extension {extension}, but the PBX has no endpoint {phone}."
            mend = (
                f"Make the endpoint in pjsip.conf, or mend the extension of {login}, or `phone` in meridian.toml "
                f"(now {wanted.phone})."
            )
            findings.append((fail if wanted.only_pbx else warn)("operator_no_endpoint", text, mend))
        elif not _is_operators(wanted, phone):
            text = (
                f"The phone {phone} of the operator {login} matches no pattern of `agents`: {login} would see no pop."
            )
            mend = f"Add {_pattern_for({phone})} to `agents` in [site] of meridian.toml."
            findings.append(fail("operator_no_pattern", text, mend))
    return findings or [ok("operators", f"All {len(wanted.people)} operators with an extension have an endpoint.")]


# -- queues


def _members(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    odd = {member for member in seen.members if not member.startswith("Local/") and not _is_operators(wanted, member)}
    if not odd:
        return []
    text = (
        f"Members of queues that match no pattern of operators: {named(odd)}; Meridian would show nobody their calls."
    )
    return [warn("members_no_operator", text, f"Add {_pattern_for(odd)} to `agents` in [site] of meridian.toml.")]


def _kept(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    """Members whom Meridian didn't put there and doesn't touch, in queues whose members it keeps."""
    if wanted.people is None:
        return []
    findings = []
    for queue, logins in sorted(wanted.kept.items()):
        known = {wanted.endpoint(wanted.people[login]) for login in logins if login in wanted.people}
        if others := {phone for place, phone in seen.memberships if place == queue} - known:
            text = (
                f"Meridian keeps the members of {queue}; these belong to nobody in the plan, and stay: {named(others)}."
            )
            mend = (
                f"Give the queue to their people in [people] of meridian.toml, or take them out: "
                f"`queue remove member {min(others)} from {queue}`."
            )
            findings.append(warn("members_not_in_plan", text, mend, subject=queue))
    return findings


def _queues(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    if seen.queues is None:
        text = "The PBX's queues can't be seen: it refuses QueueStatus."
        return [unseen("queues", text, "Load app_queue.so; without queues Meridian still follows direct calls.")]
    if not seen.queues:
        mend = "Make one in queues.conf, or see that app_queue.so is loaded; direct calls are followed without."
        return [warn("queues_none", "The PBX has no queue.", mend)]
    known = set(wanted.queues)
    findings = []
    for name in sorted(known - seen.queues):
        text = f"meridian.toml names the queue {name}, the PBX has none of that name; it has {named(seen.queues)}."
        mend = f"Mend [desk.queues.{name}], or make the queue in queues.conf and run `asterisk -rx 'queue reload all'`."
        findings.append((fail if wanted.only_pbx else warn)("queue_unknown_to_pbx", text, mend, subject=name))
    if known and (new := seen.queues - known - wanted.acd.keys()):
        text = f"Queues of the PBX that meridian.toml doesn't name: {named(new)}; they get the defaults."
        findings.append(
            warn("queue_unknown_here", text, f"Add [desk.queues.{min(new)}] and so on, if they need settings.")
        )
    return findings or [ok("queues", f"Queues: {named(seen.queues)}.")]


# -- dialplan


def _click_to_call(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    if seen.controller.door is Door.IN and "originate" not in classes(seen.controller.allowed):
        return []
    theirs = Counter(context for context in seen.contexts.values() if context)
    if seen.call_context_exists is None:
        text = f"Whether the dialplan has the context {wanted.call_context!r} for click-to-call can't be seen."
        return [unseen("call_context", text, f"Compare with `asterisk -rx 'dialplan show {wanted.call_context}'`.")]
    if not seen.call_context_exists:
        text = (
            f"The dialplan has no context {wanted.call_context!r}: click-to-call would ring the operator and then fail."
        )
        mend = (
            f'Set call_context = "{theirs.most_common(1)[0][0]}" in [pbx.{wanted.settings.name}] of meridian.toml: there the '
            "operators' phones dial."
            if theirs
            else "Name the context in which the operators' phones dial as `call_context` in meridian.toml."
        )
        return [fail("call_context", text, mend)]
    if theirs and wanted.call_context not in theirs:
        text = f"Click-to-call dials in {wanted.call_context!r}, the operators' phones in {named(theirs)}."
        return [
            warn("call_context", text, "See that the same numbers can be dialled there, or name the phones' context.")
        ]
    return [ok("call_context", f"The context for click-to-call, {wanted.call_context!r}, is in the dialplan.")]


def _parking(seen: PbxSeen) -> list[Finding]:
    if seen.controller.door is not Door.IN:
        return []
    if not seen.parking:
        text = "No parking lot can be seen, so calls can't be parked."
        mend = "See that there is a res_parking.conf (even an empty [general] will do) and res_parking.so is loaded; else leave it."
        return [warn("parking", text, mend)]
    return [ok("parking", f"Parking lots: {named(seen.parking)}.")]


def _transfer(seen: PbxSeen) -> Finding:
    mend = "Set atxfer = *2 in [featuremap] of features.conf, and run `asterisk -rx 'core reload'`."
    if seen.transfer_code is None:
        text = "Whether an attended transfer is set up can't be seen."
        return unseen("features", text, mend)
    if not seen.transfer_code:
        text = "The PBX has no key for the attended transfer; without one it refuses that from the screen too."
        return warn("features", text, mend)
    return ok("features", f"Attended transfers are possible (atxfer = {seen.transfer_code}).")
