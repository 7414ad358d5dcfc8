# SPDX-License-Identifier: Apache-2.0
"""Moves old months of events into files: the one thing that takes events out of the database.

It runs as the owner of the database, like a migration: no service may drop what it stored.
"""
