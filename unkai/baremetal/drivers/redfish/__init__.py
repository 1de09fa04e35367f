"""Redfish: an asyncio client over HTTP, and the interfaces of a node that speak it."""
