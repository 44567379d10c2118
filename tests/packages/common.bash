# What the tests of packages share: where things are, and a server that is started, asked and stopped.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
tests="$root/tests/packages"
program="$root/target/release/tombstone"
work="$root/target/packages"
mkdir -p "$work"
started=()
trap 'kill -- "${started[@]/#/-}" "${started[@]}" 2>/dev/null || true; wait 2>/dev/null || true' EXIT
unset TOMBSTONE TOMBSTONE_URL

now() { date +%s%3N; }
fail() {
    echo "packages: $*" >&2
    exit 1
}
# An empty folder.
empty() {
    rm -rf "$1"
    mkdir -p "$1"
}
# Sets `registry` to the URL of one that has the tarballs of a folder.
start_registry() {
    rm -f "$work/registry.txt"
    node "$tests/npm/registry.mjs" "$1" >"$work/registry.txt" &
    started+=("$!")
    until [[ -s "$work/registry.txt" ]]; do sleep 0.05; done
    registry=$(<"$work/registry.txt")
}
# `serves NAME COMMAND…`: the command serves the pets on the port and for the ready file of the environment, answers, and
# ends in order when it is told to; as from a terminal, with all its processes, where `whole` is set.
serves() {
    local name=$1 began log="$work/$1.log" ready="$work/$1.json" pid url answer
    shift
    rm -f "$ready"
    began=$(now)
    TOMBSTONE_PORT=0 TOMBSTONE_READY_FILE="$ready" setsid "$@" >"$log" 2>&1 &
    pid=$!
    started+=("$pid")
    url=$("$program" wait --ready-file "$ready" --timeout 60s) || { cat "$log"; fail "$name does not start"; }
    answer=$(curl --silent --show-error --fail "$url/pets")
    [[ $answer == *'"name":"Rex"'* ]] || fail "$name answers $answer"
    echo "$name: first answer after $(($(now) - began)) ms"
    kill -- "${whole:+-}$pid"
    wait "$pid" || [[ $? == 143 ]] || { cat "$log"; fail "$name does not end in order"; }
    for _ in {1..100}; do
        curl --silent --output /dev/null "$url/pets" || return 0
        sleep 0.05
    done
    fail "$name still answers"
}
