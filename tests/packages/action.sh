#!/usr/bin/env bash
# The GitHub action: its steps, as a runner would run them, with the program, and with the package that npm installs
# (of npm.sh, which goes before).
set -euo pipefail
source "$(dirname "$0")/common.bash"

[[ -x "$work/tools/bin/python" ]] || python3 -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet --disable-pip-version-check -r "$tests/schemas.txt"
check="$work/tools/bin/check-jsonschema"
"$check" --quiet --builtin-schema vendor.github-actions "$root/action.yml"
"$check" --quiet --builtin-schema vendor.github-workflows "$root"/.github/workflows/*
"$check" --quiet --builtin-schema vendor.compose-spec "$root/packaging/docker/compose.yaml"

# `step WHAT INPUT=VALUE…`: the step of the action that runs when `finish` is so, as it is written there, with the defaults
# of its inputs.
step() {
    local finish=$1
    shift
    "$work/tools/bin/python" - "$root/action.yml" "$finish" "$@" <<'PY'
import os, re, subprocess, sys
from ruamel.yaml import YAML

path, finish, *given = sys.argv[1:]
action = YAML(typ="safe").load(open(path))
inputs = {name: one["default"] for name, one in action["inputs"].items()} | {"finish": finish} | dict(one.split("=", 1) for one in given)
condition = {"true": "inputs.finish == 'true'", "false": "inputs.finish != 'true'"}[finish]
[step] = [one for one in action["runs"]["steps"] if one["if"] == condition]
value = lambda text: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], text)
env = {name: value(text) for name, text in step["env"].items()} | {"GITHUB_ACTION_PATH": os.path.dirname(path)}
sys.exit(subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], env=os.environ | env).returncode)
PY
}

empty "$work/action"
cd "$work/action"
cp "$tests/openapi.yaml" .
export RUNNER_TEMP="$work/action/temp" GITHUB_OUTPUT="$work/action/output" GITHUB_ENV="$work/action/env"
export GITHUB_STEP_SUMMARY="$work/action/summary"

# `job INPUT=VALUE…`: a job that starts a server with these, calls it, and ends it.
job() {
    rm -rf "$RUNNER_TEMP" "$GITHUB_OUTPUT" "$GITHUB_ENV" "$GITHUB_STEP_SUMMARY"
    mkdir "$RUNNER_TEMP"
    step false "args=mock openapi.yaml" "$@"
    url=$(sed -n 's/^url=//p' "$GITHUB_OUTPUT")
    grep -qx "TOMBSTONE_URL=$url" "$GITHUB_ENV" || fail 'the environment does not have the URL'
    curl --silent --fail "$url/pets" | grep -q Rex || fail 'the server of the action does not answer'
    code=0
    step true minimum=99 >"$work/action/finish.txt" || code=$?
    [[ $code == 1 ]] && grep -q '::error::less than 99' "$work/action/finish.txt" || fail 'too little coverage is no error'
    grep -q listPets "$GITHUB_STEP_SUMMARY" || fail 'the summary does not have the coverage'
    ! curl --silent --output /dev/null "$url/pets" || fail 'the server of the action still answers'
}
job "program=$program"
PATH="$(dirname "$program"):$PATH" job
echo "action: the steps are well with the program"
start_registry "$work/npm"
npm_config_userconfig="$work/action/npmrc" && export npm_config_userconfig
echo "@tombstone-sandbox:registry=$registry" >"$npm_config_userconfig"
job "package=file:$(echo "$work/npm"/tombstone-sandbox-[0-9]*.tgz)"
echo "action: they are with what npm installs"
code=0
step false "program=$program" "args=mock nothing.yaml" timeout=2s >"$work/action/failed.txt" || code=$?
[[ $code == 1 ]] && grep -q '::error::tombstone mock nothing.yaml does not start' "$work/action/failed.txt" ||
    fail 'a server that does not start is no error'
