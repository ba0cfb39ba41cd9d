#!/usr/bin/env bash
# Sends requests that schemathesis generates from the description to the sandbox, in both dialects. It fails on a 5xx, and on an
# answer whose status, headers or body the description does not have. Arguments go to schemathesis.
set -euo pipefail
cd "$(dirname "$0")/../../.."

if ! command -v schemathesis >/dev/null; then
    echo "schemathesis is needed: pip install schemathesis" >&2
    exit 1
fi

export CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance
for dialect in published guide; do
    echo "== dialect $dialect"
    # shellcheck disable=SC2016 # `atera sandbox` sets the variables.
    cargo run --quiet -p atera-cli -- sandbox --port 0 --rate-limit off --dialect "$dialect" -- sh -c '
        exec schemathesis run "${ATERA_BASE_URL%/api/v3}/_sandbox/openapi.yaml" --url "$ATERA_BASE_URL" \
            --header "X-API-KEY: $ATERA_API_KEY" --checks "$CHECKS" --max-examples 10 --seed 1 "$@"' sh "$@"
done
