# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka for tests: one node in Docker or Java, started and ended with those who use it.

Read top down: ``__main__`` -> ``session`` -> ``broker`` -> ``programs`` -> ``artifacts``.
"""
