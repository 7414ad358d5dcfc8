# SPDX-License-Identifier: Apache-2.0
from services.orchestrator.models.clients import ModelClients
from services.orchestrator.models.settings import ModelProviderSettings


async def test_a_model_has_one_client_until_all_are_closed() -> None:
    clients = ModelClients(ModelProviderSettings())

    first = clients.get("offline")
    again = clients.get("offline")
    await clients.close()
    await clients.close()

    assert first is again
    assert first.name == "offline"
    assert clients.get("offline") is not first
