# SPDX-License-Identifier: Apache-2.0
"""The desk for what could not be handled: keeps every dead letter, and sends it back when asked.

Consumes: the dead letter topic, whatever is on it; of the infrastructure events those by which a
service says that it has handled what was sent back to it.
Produces: redriven and corrected records, each to the retry topic of the service that failed, and
the events ``DeadLetterRedriven``, ``DeadLetterEdited``, ``DeadLetterDiscarded``,
``DeadLetterParked`` and those of jobs on many letters. Never a dead letter.
Owns: the schema ``dead_letters``.
"""
