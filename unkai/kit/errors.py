"""The kinds of failure a caller can be told about.

An action raises one of these with a sentence for the user; `kit.http` renders it once, in the
dialect of the API that was asked. Nothing below the HTTP door knows about status bodies, and
handlers contain no `try`. Internal context travels as the exception chain (`raise ... from`) and is
logged, never shown.

Rejected: an exception class per situation (nova has 542); the sentence and `code` carry that.
"""

from __future__ import annotations

from typing import ClassVar


class Fault(Exception):
    """A failure with a public sentence.

    message: what went wrong, shown to the user as it is.
    code: stable name of the situation ("image-format-mismatch"), listed in docs/errors.md.
    remedy: what the user or operator can do next, if there is something.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    default_code: ClassVar[str] = "internal-error"

    def __init__(self, message: str, *, code: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.remedy = remedy

    @property
    def public(self) -> str:
        """The sentence with its remedy, as APIs show it."""
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class BadRequest(Fault):
    status = 400
    title = "Bad Request"
    default_code = "bad-request"


class Unauthorized(Fault):
    status = 401
    title = "Unauthorized"
    default_code = "unauthorized"


class Forbidden(Fault):
    status = 403
    title = "Forbidden"
    default_code = "forbidden"


class QuotaExceeded(Fault):
    """Over a quota or limit; each API has its own status for it (nova 403, neutron 409)."""

    status = 403
    title = "Forbidden"
    default_code = "quota-exceeded"


class NotFound(Fault):
    status = 404
    title = "Not Found"
    default_code = "not-found"


class MethodNotAllowed(Fault):
    status = 405
    title = "Method Not Allowed"
    default_code = "method-not-allowed"


class NotAcceptable(Fault):
    """An unknown microversion, or a representation we do not have."""

    status = 406
    title = "Not Acceptable"
    default_code = "not-acceptable"


class Conflict(Fault):
    status = 409
    title = "Conflict"
    default_code = "conflict"


class Gone(Fault):
    status = 410
    title = "Gone"
    default_code = "gone"


class PreconditionFailed(Fault):
    status = 412
    title = "Precondition Failed"
    default_code = "precondition-failed"


class TooLarge(Fault):
    status = 413
    title = "Request Entity Too Large"
    default_code = "too-large"


class NoRoom(Fault):
    """No room is left to write what was asked; each API has its own status for it.

    What was asked did not happen. Nova says 403 (as of a quota), Neutron and Placement 409.
    """

    status = 413
    title = "Request Entity Too Large"
    default_code = "no-room"


class UnsupportedMediaType(Fault):
    status = 415
    title = "Unsupported Media Type"
    default_code = "unsupported-media-type"


class RangeNotSatisfiable(Fault):
    status = 416
    title = "Requested Range Not Satisfiable"
    default_code = "range-not-satisfiable"


class TooManyRequests(Fault):
    """The caller holds or asks too much at once; fewer would be fine."""

    status = 429
    title = "Too Many Requests"
    default_code = "too-many-requests"


class Unavailable(Fault):
    """Something we need is away for now; the same request may work later."""

    status = 503
    title = "Service Unavailable"
    default_code = "unavailable"


class Failed(Fault):
    """Work after the answer failed (disk full, QEMU died): a fault's text, never a response."""

    default_code = "failed"
