# SPDX-License-Identifier: Apache-2.0
"""How fast it is, beside others that do the same work in the same run: ``make bench``.

A file in ``rows`` measures one thing and gives lines of the table. Nothing here is a test: ratios
are for people to read, on a machine that does nothing else.
"""
