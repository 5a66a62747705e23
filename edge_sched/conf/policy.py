# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""The options that a judgement depends on, as the pure layer takes them."""

from oslo_config import cfg

from edge_sched.judging.verdict import Policy


def policy_of(conf: cfg.ConfigOpts) -> Policy:
    """What ``[edge_sched]`` says, for the scheduler and the commands alike."""
    group = conf.edge_sched
    return Policy(
        max_age_seconds=group.max_age,
        outage_max_age_seconds=group.outage_max_age,
        rank_percentile=group.rank_percentile,
        reference_latency_ms=group.reference_latency_ms,
        tie_band_ms=group.tie_band_ms,
        fit_headroom=group.fit_headroom,
    )
