# SPDX-License-Identifier: Apache-2.0
"""Persistence remembers everything, and tells it.

Purpose: every event of both levels is stored once, as it came, and read models are kept current in
the same transaction. From them the service answers what happened in a session, what caused it, and
what its state was at any point.

Consumes: the topics of domain and infrastructure events, and its own retry topic.
Produces: ``HistoryImported`` when a session of another installation was taken in, ``HistoryErased``
when what was said in such a session was erased, ``HistoryExported`` when a session was taken out,
and the events about its own process.
Owns: the schema ``persistence`` in PostgreSQL. Its role may add events and read them; it can
neither change nor delete one.
"""
