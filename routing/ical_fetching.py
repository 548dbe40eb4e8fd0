"""Gets a feed's text: from a file, or over http(s) with a deadline, a limit of size, and from our own network only if that is
allowed.

Blocks: for a thread. The name is resolved once and that very address is connected to, so that it can't become another one after
it was looked at.
"""

import socket
import ssl
import threading
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from core.errors import BadConfiguration, Unavailable

MOST_BYTES = 1_000_000
_DEADLINE_S = 15.0
_MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


def fetched(address: str, *, private: bool = False, deadline_s: float = _DEADLINE_S, most: int = MOST_BYTES) -> str:
    """The text behind an address or a path. Unavailable says why there is none."""
    if not is_remote(address):
        return _from_file(Path(address), most)
    for _ in range(_MOST_REDIRECTS + 1):
        answer = _asked(address, private=private, deadline_s=deadline_s, most=most)
        if isinstance(answer, bytes):
            return answer.decode("utf-8", errors="replace")
        if urlsplit(address).scheme != "http" and urlsplit(answer).scheme == "http":
            raise Unavailable("it sends us on from https to http: write the address that it really has")
        address = answer
    raise Unavailable(f"it sends us on more than {_MOST_REDIRECTS} times")


def is_remote(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https", "webcal")


def _from_file(path: Path, most: int) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(most + 1)
    except OSError as error:
        raise Unavailable(f"the file can't be read: {error.strerror}") from error
    if len(found) > most:
        raise Unavailable(f"it is larger than {most} bytes")
    return found.decode("utf-8", errors="replace")


def _asked(address: str, *, private: bool, deadline_s: float, most: int) -> bytes | str:
    """What is there; or where it says that it is."""
    parts = urlsplit(address)
    try:
        with closing(_connected(parts, private=private, deadline_s=deadline_s)) as sock:
            # Whatever drips in slowly is cut off at the deadline, in the middle of a header too.
            late = threading.Event()
            alarm = threading.Timer(deadline_s, _cut, (sock, late))
            alarm.start()
            try:
                answer = _answer(parts, sock, address, most)
            finally:
                alarm.cancel()
            if late.is_set():  # what came until then looks whole where no length was promised
                raise Unavailable(f"{parts.hostname} didn't answer within {deadline_s:g} seconds")
            return answer
    except (OSError, HTTPException, ValueError) as error:
        raise Unavailable(f"{parts.hostname} gave no answer that can be used ({error.__class__.__name__})") from error


def _answer(parts: SplitResult, sock: socket.socket, address: str, most: int) -> bytes | str:
    connection = HTTPConnection(str(parts.hostname), parts.port)
    connection.sock = sock
    headers = {"Host": parts.netloc, "Accept": "text/calendar", "Accept-Encoding": "identity", "Connection": "close"}
    connection.request("GET", f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", headers=headers)
    answer = connection.getresponse()
    if answer.status in _REDIRECTS and (onward := answer.headers.get("Location")):
        return urljoin(address, onward)
    if answer.status != 200:
        raise Unavailable(f"{parts.hostname} answers {answer.status} {answer.reason[:60]}")
    return _body(answer, most)


def _body(answer: HTTPResponse, most: int) -> bytes:
    found = answer.read(most + 1)
    if len(found) > most:
        raise Unavailable(f"it is larger than {most} bytes")
    if answer.length:
        raise Unavailable("the answer breaks off in the middle")
    return found


def _connected(parts: SplitResult, *, private: bool, deadline_s: float) -> socket.socket:
    if parts.scheme not in ("http", "https", "webcal") or not parts.hostname:
        raise BadConfiguration("a feed's address begins with https:// or http://")
    if parts.username is not None:
        raise BadConfiguration("a feed's address must not have a password in it: it would stand on screens")
    secure = parts.scheme != "http"
    port = parts.port or (443 if secure else 80)
    kind, address = _resolved(parts.hostname, port, private=private)
    sock = socket.socket(kind, socket.SOCK_STREAM)
    try:
        sock.settimeout(deadline_s)
        sock.connect(address)
        return ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname) if secure else sock
    except BaseException:
        sock.close()
        raise


def _resolved(host: str, port: int, *, private: bool) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(f"there is no host {host}") from error
    for family, _type, _proto, _name, address in found:
        ip = ip_address(str(address[0]).partition("%")[0])
        if private or (ip.is_global and not ip.is_multicast):
            return family, (str(address[0]), port)
    raise Unavailable(
        f"{host} is an address of a private network: set [routing] private_feeds = true if feeds may come from there"
    )


def _cut(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        sock.close()
