# SPDX-License-Identifier: Apache-2.0
"""What the HTTP interfaces of all services have in common."""

from shared.http.problems import Problem, install_problems

__all__ = ["Problem", "install_problems"]
