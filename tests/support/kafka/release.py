# SPDX-License-Identifier: Apache-2.0
"""Which release of Apache Kafka the tests run on."""

VERSION = "4.1.1"
IMAGE = f"apache/kafka:{VERSION}"
OLDEST_JAVA = 17
