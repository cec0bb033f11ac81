"""The errors a person may see. Each text says what was found, what is wanted and what to do.

A door (page, route, command) catches `PatinaError` and shows its text; anything else is a bug.
`status` is the answer of the REST routes, `exit_code` that of the command line.
"""


class PatinaError(Exception):
    """Something a person can mend; `str(error)` is one plain sentence or two."""

    status = 400
    exit_code = 2


class PhotoError(PatinaError):
    """A file that is no photo we can judge.

    `reason` is one of: empty, not_an_image, truncated, too_large, too_small, unsupported, corrupt.
    """

    status = 422

    def __init__(self, text: str, reason: str = "corrupt") -> None:
        super().__init__(text)
        self.reason = reason


class DataError(PatinaError):
    """A data set, label table or archive that cannot be taken as it is."""

    status = 422


class ConfigError(PatinaError):
    """A setting out of its range, of the wrong kind, or unknown."""

    status = 422


class ModelError(PatinaError):
    """A model that is missing, damaged, foreign, or of another domain."""

    status = 422


class NotFound(PatinaError):
    """Nothing of that name."""

    status = 404


class Conflict(PatinaError):
    """The thing has changed, or is in a state that does not allow this."""

    status = 409


class SignInNeeded(PatinaError):
    """No session, an expired one, or a wrong name or password."""

    status = 401


class Forbidden(PatinaError):
    """The role of this person does not allow this."""

    status = 403


class TooMany(PatinaError):
    """Too many attempts or too much work waiting; the text says when to try again.

    `seconds` is how long that is, for the header Retry-After.
    """

    status = 429

    def __init__(self, text: str, seconds: float = 60.0) -> None:
        super().__init__(text)
        self.seconds = seconds


class NoRoom(PatinaError):
    """The disk is full, or too full to take more in safely."""

    status = 507
