# SPDX-License-Identifier: Apache-2.0
"""The audit trail: proves what happened, in which order, and that nothing was changed since.

Consumes: every record of both levels of events, whatever bytes it has.
Produces: signed checkpoints and proofs over HTTP; on the bus, only that it starts and stops.
Owns: the schema ``audit``, which the database lets it append to and not change.

Read it in this order: ``trail.entry`` (what is logged), ``handlers`` (for every record), then
``trail.appending`` and ``store.log_writer`` (into an append-only log), ``checkpoints`` (which is
signed again and again), ``trail.verification`` (so that anybody can check it). ``transparency`` has
the public formats underneath.
"""
