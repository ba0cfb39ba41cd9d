"""Uses a server as a host with the Python SDK does.

usage: client.py stdio COMMAND [ARGUMENT...]
       client.py http URL            (the token is in ATERA_MCP_TOKEN)

Prints a line of JSON with what it saw.
"""

import asyncio
import json
import os
import sys

import httpx2
import mcp
from mcp.client.streamable_http import streamable_http_client


def text(answer):
    return "".join(block.text for block in answer.content if block.type == "text")


async def use(server, mode):
    seen = {}
    async with mcp.Client(server, mode=mode) as client:
        tools = (await client.list_tools()).tools
        seen["tools"] = [tool.name for tool in tools]
        seen["read_only"] = [tool.name for tool in tools if tool.annotations.read_only_hint]
        found = await client.call_tool("search", {"words": "list tickets"})
        seen["search"] = "tickets_list" in text(found)
        record = await client.call_tool("read", {"operation": "account_get"})
        seen["read"] = record.structured_content["record"]["CompanyName"]
        refused = await client.call_tool("read", {"operation": "tickets_delete"})
        seen["refused"] = bool(refused.is_error)
    return seen


async def main():
    kind, target, *arguments = sys.argv[1:]
    seen = {}
    # The newest version of the protocol that both know, and the one before it, which begins with a handshake.
    for mode in ["auto", "legacy"]:
        if kind == "stdio":
            server = mcp.StdioServerParameters(command=target, args=arguments, env=dict(os.environ))
            seen[mode] = await use(server, mode)
        else:
            headers = {"Authorization": "Bearer " + os.environ["ATERA_MCP_TOKEN"]}
            async with httpx2.AsyncClient(headers=headers, timeout=300) as http:
                seen[mode] = await use(streamable_http_client(target, http_client=http), mode)
    print(json.dumps(seen))


asyncio.run(main())
