# SPDX-License-Identifier: Apache-2.0
"""Runs a service under orders: ``python -m tests.support.chaos.launcher``.

The service is the module that runs in production. What the orders change is wrapped around it here,
so that no way into it is in the code that is shipped.
"""

import runpy

from tests.support.chaos.orders import given_orders


def main() -> None:
    """Follow the orders and become the service."""
    orders = given_orders()
    # Imported only where they are wanted, since each imports what it changes.
    if orders.point:
        from tests.support.chaos.points import arm

        arm(orders)
    if orders.trouble:
        from tests.support.chaos.troubles import make

        make(orders.trouble)
    if orders.upgraded:
        from tests.support.chaos.later_release import upgrade

        upgrade()
    runpy.run_module(f"services.{orders.service}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
