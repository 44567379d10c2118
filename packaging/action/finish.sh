#!/usr/bin/env bash
# Writes what was exercised into the summary of a job, and stops its server; action.yml says how.
set -euo pipefail

folder="$RUNNER_TEMP/tombstone"
[[ -e "$folder/server.txt" ]] || { echo '::error::there is no server: the step that starts it did not run'; exit 1; }
{ read -r server && read -r program; } <"$folder/server.txt"

code=0
table=$("$program" coverage --ready-file "$folder/ready.json" --min "$MINIMUM") || code=$?
{
    echo '### Tombstone: what was exercised'
    echo '```text'
    echo "$table"
    echo '```'
} >>"$GITHUB_STEP_SUMMARY"
[[ $code == 0 ]] || echo "::error::less than $MINIMUM % are covered"

kill "$server" 2>/dev/null || true
for _ in {1..100}; do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
rm -f "$folder/server.txt"
exit "$code"
