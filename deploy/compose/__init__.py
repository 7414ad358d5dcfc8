# SPDX-License-Identifier: Apache-2.0
"""What ``docker-compose.yml`` runs beside the services, and the file of secrets that it reads."""
