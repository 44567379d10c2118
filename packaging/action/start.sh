#!/usr/bin/env bash
# Starts the server of a job, and waits until it answers; action.yml says with what.
set -euo pipefail

folder="$RUNNER_TEMP/tombstone"
mkdir -p "$folder"
program="${PROGRAM:-$(command -v tombstone || true)}"
if [[ -z $program ]]; then
    npm install --silent --no-audit --no-fund --prefix "$folder" "$PACKAGE"
    program="$folder/node_modules/.bin/tombstone"
fi

ready="$folder/ready.json"
rm -f "$ready"
# Words as in a command line, without the expansions of a shell.
read -r -a arguments <<<"$ARGS"
TOMBSTONE_PORT="$PORT_WANTED" TOMBSTONE_READY_FILE="$ready" \
    nohup "$program" "${arguments[@]}" >"$folder/log.txt" 2>&1 </dev/null &
server=$!
if ! url=$("$program" wait --ready-file "$ready" --timeout "$TIMEOUT"); then
    kill "$server" 2>/dev/null || true
    echo "::error::tombstone $ARGS does not start"
    cat "$folder/log.txt"
    exit 1
fi
echo "url=$url" >>"$GITHUB_OUTPUT"
echo "TOMBSTONE_URL=$url" >>"$GITHUB_ENV"
printf '%s\n%s\n' "$server" "$program" >"$folder/server.txt"
echo "tombstone $ARGS answers at $url"
