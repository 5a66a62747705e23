# SPDX-License-Identifier: Apache-2.0

"""Who asks, as the identity service has told."""

import dataclasses

import webob
from nova import context as nova_context
from oslo_context import context
from oslo_policy import policy

from edge_sched.api.errors import ForbiddenError


@dataclasses.dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token of a project.

    :param context: of headers that keystonemiddleware has set, which takes
        away whatever came
    """

    context: context.RequestContext
    enforcer: policy.Enforcer

    @property
    def project_id(self) -> str:
        """That of the token, e.g. ``4f2e...``."""
        return str(self.context.project_id)

    @property
    def nova_context(self) -> nova_context.RequestContext:
        """The same, without the rights of an admin."""
        return nova_context.RequestContext(
            user_id=self.context.user_id,
            project_id=self.project_id,
            is_admin=False,
            request_id=self.context.request_id,
        )

    def check(self, rule: str) -> None:
        """See whether the caller may do something with what is its own.

        :raises ForbiddenError: naming the rule
        """
        target = {'project_id': self.project_id}
        try:
            self.enforcer.authorize(rule, target, self.context, do_raise=True)
        except (policy.PolicyNotAuthorized, policy.InvalidScope) as error:
            raise ForbiddenError(f'policy does not allow {rule}') from error


def caller_of(request: webob.Request, enforcer: policy.Enforcer) -> Caller:
    """Who makes a request.

    :raises ForbiddenError: if the token is of no project
    """
    found = context.RequestContext.from_environ(request.environ)
    if not found.project_id:
        raise ForbiddenError('a token of a project is needed')
    return Caller(found, enforcer)
