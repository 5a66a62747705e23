# SPDX-License-Identifier: Apache-2.0

import hypothesis

#: The same examples in each run, no more than a unit test may take, and none
#: that fails because the machine is busy.
hypothesis.settings.register_profile(
    'bounded',
    deadline=None,
    derandomize=True,
    max_examples=100,
    database=None,
)
hypothesis.settings.load_profile('bounded')
