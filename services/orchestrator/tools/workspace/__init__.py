# SPDX-License-Identifier: Apache-2.0
"""The directory of a session, which no path leads out of."""
