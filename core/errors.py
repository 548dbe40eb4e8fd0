"""Every error that Meridian raises on purpose. The message says what to do; `code` is stable for programs."""


class ContactCentreError(Exception):
    """Something went wrong in a way that Meridian knows about."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Rejected(ContactCentreError):
    """The asker is at fault: the request makes no sense or isn't allowed."""

    code = "rejected"


class Forbidden(Rejected):
    """The asker is known but may not do this."""

    code = "forbidden"


class NotFound(ContactCentreError):
    """There is no such thing, or none that the asker may see."""

    code = "not_found"


class Conflict(ContactCentreError):
    """Somebody else was faster, or the thing is in another state by now."""

    code = "conflict"


class Unavailable(ContactCentreError):
    """The world is at fault: PBX, database or mail server can't be reached right now."""

    code = "unavailable"


class ResultUnknown(Unavailable):
    """An action was sent and no answer came: it may or may not have happened. Never repeated by us."""

    code = "result_unknown"


class BadConfiguration(ContactCentreError):
    """The configuration can't be used as it stands; the message names file, line and the mend.

    `place`: keys from the table that was being filled to what is wrong in it, where that isn't the table itself.
    """

    code = "bad_configuration"

    def __init__(self, message: str, *, place: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.place = place
