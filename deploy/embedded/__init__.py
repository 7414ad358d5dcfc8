# SPDX-License-Identifier: Apache-2.0
"""The whole system on one machine from pip alone: real servers, all services, one command.

Read top down: ``cli`` -> ``stack`` -> ``supervisor`` and ``servers`` -> ``broker``, ``postgres``,
``valkey`` -> ``server`` -> ``child`` -> ``launch``.
"""
