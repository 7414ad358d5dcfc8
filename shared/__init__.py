# SPDX-License-Identifier: Apache-2.0
"""What every service builds on; knows no service by name."""
