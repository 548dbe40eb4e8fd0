"""Where a recording lies: from what the PBX calls it to a file inside the folder that the administrator named, or nothing. And
which part of it somebody asked for. Pure but for looking at the disk.

A name comes from the PBX's events, so it is nothing to be trusted: only a plain file below that folder is ever opened, links
followed to their end first.
"""

import re
from pathlib import Path

from core.errors import NotFound, Rejected

MEDIA_TYPES = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".gsm": "audio/gsm",
    ".wav49": "audio/wav",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_LONGEST = 1_024


def file_of(folder: Path | None, reference: str) -> Path:
    """The file that `reference` means; NotFound says what to do where there is none, or where it isn't ours to open."""
    if folder is None:
        raise NotFound(
            "The recordings of this PBX can't be reached: set 'recordings' in its [pbx.NAME] to their folder.",
            code="no_recordings",
        )
    if not reference or len(reference) > _LONGEST or "\0" in reference:
        raise NotFound("There is no such recording.", code="no_file")
    root, named = folder.resolve(), Path(reference)
    # Where the PBX is another machine, its folder bears another name here: then what counts is the end of the path.
    for told in (named, Path(named.parent.name, named.name), Path(named.name)):
        found = (root / told).resolve()  # an absolute path stays what it is
        if found.is_relative_to(root) and found.suffix.lower() in MEDIA_TYPES and found.is_file():
            return found
    raise NotFound("The recording is not (or not any more) where the PBX keeps them.", code="no_file")


def part_asked(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of what a Range header asks for; None: everything (also where it is none that we understand). Rejected
    (`bad_range`) where there is no such part."""
    asked = _RANGE.fullmatch(header.strip()) if header else None
    if asked is None or asked[1] == asked[2] == "":
        return None
    if asked[1] == "":
        first, last = max(0, size - int(asked[2])), size - 1
    else:
        first, last = int(asked[1]), min(size - 1, int(asked[2]) if asked[2] else size - 1)
    if first > last or first >= size:
        raise Rejected("There is no such part of the recording.", code="bad_range")
    return first, last
