#!/usr/bin/env bash
# How long the library takes to build from nothing, beside octocrab, which does the same for GitHub. Both are built with
# their default features by a program that only names them, in turns, and the crates are downloaded before. The machine has
# to be idle; where it is not, the ratio of processor time is the one to believe.
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
# As cargo builds whatever comes from a registry; a path would be built for the next change of it.
export CARGO_INCREMENTAL=0

program() { # name, dependency
    mkdir -p "$work/$1/src"
    printf '[package]\nname = "cold"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$2" >"$work/$1/Cargo.toml"
    printf 'use %s as _;\nfn main() {}\n' "$1" >"$work/$1/src/main.rs"
    cargo fetch --quiet --manifest-path "$work/$1/Cargo.toml"
}

build() { # name; prints the seconds that went by, and those of processor time
    rm -rf "$work/$1/target"
    local TIMEFORMAT='%R %U %S'
    { time cargo build --quiet --offline --manifest-path "$work/$1/Cargo.toml" 2>"$work/log"; } 2>"$work/time" ||
        { cat "$work/log" >&2; exit 1; }
    awk '{ printf "%.1f %.1f\n", $1, $2 + $3 }' "$work/time"
}

program atera "atera = { path = \"$root\" }"
program octocrab 'octocrab = "0.54"'

for round in $(seq "$rounds"); do
    for name in atera octocrab; do
        result=$(build "$name")
        read -r wall cpu <<<"$result"
        echo "round $round: $name $wall s, $cpu s of processor time"
        echo "$name $wall $cpu" >>"$work/results"
    done
done
awk -v limit="$limit" '
    { if (!($1 in wall) || $2 < wall[$1]) wall[$1] = $2; if (!($1 in cpu) || $3 < cpu[$1]) cpu[$1] = $3 }
    END {
        ratio = wall["atera"] / wall["octocrab"]
        printf "atera takes %.2f of the time of octocrab, and %.2f of its processor time; the limit is %s\n",
            ratio, cpu["atera"] / cpu["octocrab"], limit
        exit ratio > limit
    }' "$work/results"
