# SPDX-License-Identifier: Apache-2.0
"""Counts and times what happens.

purpose    answers in figures: switches by pair, durations by agent, success of tools, decisions,
           errors, tokens and cost; for the whole installation, and for each session
consumes   both event topics and ``<prefix>.metrics.retry``
produces   ``ProjectionRebuilt`` when a person has the figures counted again
owns       the Redis keys ``agent-runtime:metrics:*``, and nothing else

Every event counts exactly once, however often and in whatever order it comes: the Lua script that
adds also remembers, in the same step, which sequence numbers of which aggregate it has added, one
bit for each. The figures are in Redis, so all replicas give the same ones on ``/metrics`` (take the
``max`` over replicas, not the sum), and none is lost when a process ends. When Redis was wiped the
figures are counted again from the topics, as far back as those reach.

``MetricsCollector`` counts how things are done (the infrastructure level),
``DomainEventSubscriber`` what happens to sessions (the domain level), and
``SessionMetricsCollector`` both, for each session.
"""
