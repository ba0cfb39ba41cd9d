#!/usr/bin/env bash
# How long the library takes to build from nothing, beside octocrab, which does the same for GitHub. Both are built with
# their default features by a program that only names them, in turns, and the crates are downloaded before.
#
#   benches/cold-build.sh [rounds]
#
# Exits with 1 if the best time of the library is more than 0.6 of octocrab's best.
set -euo pipefail
rounds=${1:-1}
limit=0.60
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CARGO_TARGET_DIR RUSTC_WRAPPER

program() { # name, dependency
    mkdir -p "$work/$1/src"
    printf '[package]\nname = "cold"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$2" >"$work/$1/Cargo.toml"
    printf 'use %s as _;\nfn main() {}\n' "$1" >"$work/$1/src/main.rs"
    cargo fetch --quiet --manifest-path "$work/$1/Cargo.toml"
}

build() { # name; prints seconds
    rm -rf "$work/$1/target"
    local start end
    start=$(date +%s.%N)
    cargo build --quiet --offline --manifest-path "$work/$1/Cargo.toml" >&2
    end=$(date +%s.%N)
    awk "BEGIN { printf \"%.1f\n\", $end - $start }"
}

program atera "atera = { path = \"$root\" }"
program octocrab 'octocrab = "0.54"'

ours= theirs=
for round in $(seq "$rounds"); do
    one=$(build atera)
    other=$(build octocrab)
    echo "round $round: atera $one s, octocrab $other s"
    ours=$(printf '%s\n%s\n' "$ours" "$one" | grep . | sort -n | head -1)
    theirs=$(printf '%s\n%s\n' "$theirs" "$other" | grep . | sort -n | head -1)
done
awk "BEGIN {
    ratio = $ours / $theirs
    printf \"atera takes %.2f of the time of octocrab (%s s, %s s); the limit is $limit\n\", ratio, $ours, $theirs
    exit ratio > $limit
}"
