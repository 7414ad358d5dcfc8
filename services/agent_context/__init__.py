# SPDX-License-Identifier: Apache-2.0
"""Knows what an agent needs to know now.

purpose    the context of each session: current agent, switch history, the newest messages under a
           token budget, open approvals, totals
consumes   both event topics and ``<prefix>.agent_context.retry``
produces   ``ProjectionRebuilt`` when a person has the contexts made again
owns       the Redis keys ``agent-runtime:context:*``, and nothing else

A context is what its events say, taken in the order of their sequence numbers, and nothing else: no
clock, no random number. The script that saves one compares the sequence it was made from with the
one that is there, so of several processes that apply events at the same time one wins and the
others look again. What arrives too early, since a session's events travel on two topics, is kept
beside it until the gap closes; what arrives again is dropped.

Readers say which sequence they need (``?at_least=``) and get a context that has it, or a clear "not
yet". When Redis was wiped, all contexts are made again from the topics, to the same bytes; what the
topics have forgotten by then is counted in ``missing``.
"""
