# SPDX-License-Identifier: Apache-2.0

"""What a request is refused with, each as its status and words for a user."""

import http

#: After so many seconds something that is away is worth another try. Chosen:
#: about as long as a service takes to come back that was started anew.
RETRY_SECONDS = 10


class ApiError(Exception):
    """A refusal; the message is for users.

    :param retry_seconds: when to try again, ``None`` if that is no use
    :ivar allowed: the methods that the path has, if that is what is wrong
    """

    status = http.HTTPStatus.BAD_REQUEST
    #: What CAMARA calls it, if that is not by the status.
    code = ''
    allowed = ''

    def __init__(self, detail: str, retry_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.retry_seconds = retry_seconds


class BadRequestError(ApiError):
    """Names what is wrong, and what is allowed."""


class ForbiddenError(ApiError):
    """The roles of the caller do not do."""

    status = http.HTTPStatus.FORBIDDEN


class NotFoundError(ApiError):
    """There is none, or it is another project's."""

    status = http.HTTPStatus.NOT_FOUND


class MethodNotAllowedError(ApiError):
    """The path is known, the method is not one of its.

    :param allowed: those that are, ``GET, PUT``
    """

    status = http.HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: str) -> None:
        super().__init__(f'of this path there is {allowed}')
        self.allowed = allowed


class BodyTooLongError(ApiError):
    """More than any request needs."""

    status = http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WrongTypeError(ApiError):
    """The body is of another media type."""

    status = http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class TooManyRequestsError(ApiError):
    """More than a project may make."""

    status = http.HTTPStatus.TOO_MANY_REQUESTS


class AwayError(ApiError):
    """Something that is needed to answer is away."""

    status = http.HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str) -> None:
        super().__init__(detail, RETRY_SECONDS)
