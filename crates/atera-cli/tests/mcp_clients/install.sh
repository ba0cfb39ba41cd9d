#!/usr/bin/env bash
# Installs the clients that tests/cli/mcp_clients.rs uses, and a Node.js that is new enough for them. It does nothing if they are there.
# usage: install.sh FOLDER (target/mcp-clients); needs Python 3 with venv, and npm
set -euo pipefail
mkdir -p "$1"
cd "$1"

python=(mcp==2.3.0)
node=(node@22.23.3 @modelcontextprotocol/conformance@0.1.16 @modelcontextprotocol/inspector@2.12.0)
wanted="${python[*]} ${node[*]}"
if [ "$(cat installed 2>/dev/null || true)" = "$wanted" ]; then
    exit
fi

# Both at a time: each waits for downloads most of the time.
npm install --prefix . --no-audit --no-fund --silent "${node[@]}" &
npm=$!
python3 -m venv --clear python
python/bin/pip install --quiet --disable-pip-version-check "${python[@]}"
wait "$npm"
echo "$wanted" > installed
