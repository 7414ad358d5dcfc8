# SPDX-License-Identifier: Apache-2.0
"""``agentctl``: operates a running installation from a terminal.

Consumes: the HTTP interfaces of all services, and the records on Kafka, as a mere onlooker.
Produces: text for people, and JSON for programs.
Owns: nothing.
"""
