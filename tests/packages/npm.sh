#!/usr/bin/env bash
# npm: the tarballs, the command, and the helper under the runners that it is for.
set -euo pipefail
source "$(dirname "$0")/common.bash"

packages="$work/npm"
empty "$packages"
fits="linux-$(node -p process.arch)-gnu"
others=()
echo 'not this one' >"$work/another"
for platform in $(node -p "Object.keys(require('$root/packaging/npm/platforms.json')).join(' ')"); do
    # Were the static program there, it would go before.
    [[ $platform == "$fits" || $platform == "${fits%gnu}musl" ]] || others+=("$platform=$work/another")
done
node "$root/packaging/npm/build.mjs" "$packages" "$fits=$program" "${others[@]}" >"$work/npm.txt"
thin=$(echo "$packages"/tombstone-sandbox-[0-9]*.tgz)

start_registry "$packages"

# In an empty folder, without a network but for the registry of the platforms' packages.
empty "$work/npx"
cp "$tests/openapi.yaml" "$work/npx/"
empty "$work/npm-cache"
(
    cd "$work/npx"
    export npm_config_cache="$work/npm-cache"
    # npx hands no signal on; from a terminal all get it.
    whole=1
    serves npx-first env "npm_config_@tombstone-sandbox:registry=$registry" npx --yes "file:$thin" mock openapi.yaml
    serves npx env "npm_config_@tombstone-sandbox:registry=$registry" npx --yes "file:$thin" mock openapi.yaml
)

project="$work/npm-project"
empty "$project"
cp "$tests"/npm/*test.mjs "$tests"/npm/types.* "$tests/openapi.yaml" "$project/"
cd "$project"
cat >package.json <<JSON
{ "private": true, "type": "module", "scripts": { "mock": "tombstone mock openapi.yaml" } }
JSON
echo "@tombstone-sandbox:registry=$registry" >.npmrc
PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --silent --no-audit --no-fund --save-dev "file:$thin" \
    @playwright/test@1.65.1 @types/node@24.10.1 typescript@5.9.3 vitest@3.2.4
installed=$(ls node_modules/@tombstone-sandbox)
[[ $installed == "$fits" ]] || fail "npm installed $installed"
serves launcher node_modules/.bin/tombstone mock openapi.yaml
whole=1 serves npm-run npm run --silent mock
node_modules/.bin/tombstone --version | grep -q '^tombstone [0-9]' || fail 'the launcher hands nothing on'
code=0
node_modules/.bin/tombstone no-such-file.yaml 2>/dev/null || code=$?
[[ $code == 2 ]] || fail "the launcher ends with $code where the program ends with 2"

node --test --test-reporter=spec helper.test.mjs
cat >vitest.config.mjs <<'JS'
import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['vitest.test.mjs'], globalSetup: './setup.mjs' } })
JS
cat >setup.mjs <<'JS'
import { globalSetup } from 'tombstone-sandbox'

export default globalSetup({ args: ['serve', 'openapi.yaml', '--built-in', 'off'] })
JS
npx vitest run
cp "$tests/npm/failing.spec.mjs" .
npx playwright test failing --reporter=json >playwright.json && fail 'a test that fails passes'
node -e 'const { suites } = JSON.parse(require("fs").readFileSync("playwright.json"))
const [{ attachments }] = suites[0].specs[0].tests[0].results
const [{ name, body }] = attachments.filter(({ name }) => name.startsWith("tombstone"))
const [entry] = JSON.parse(Buffer.from(body, "base64"))
require("assert").equal(entry.response.status, 401)
console.log(`playwright: ${name} is attached`)'
npx tsc --noEmit --strict --noUncheckedIndexedAccess --target es2022 --module node20 types.mts types.cts

rm -r node_modules/@tombstone-sandbox
code=0
said=$(node_modules/.bin/tombstone 2>&1) || code=$?
[[ $code == 1 && $said == *"@tombstone-sandbox/$fits is not installed"* ]] || fail "without its program the launcher says: $said"
