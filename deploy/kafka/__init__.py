# SPDX-License-Identifier: Apache-2.0
"""What an installation needs of Apache Kafka: its topics, created and checked."""
