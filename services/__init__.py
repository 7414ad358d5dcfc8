# SPDX-License-Identifier: Apache-2.0
"""The services: one package per process, which meet only on the bus and never import each other."""
