#!/usr/bin/env bash
# PyPI: the wheel in an empty environment, its pytest plugin, and the example that uses it.
set -euo pipefail
source "$(dirname "$0")/common.bash"

[[ -x "$work/tools/bin/python" ]] || python3 -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet --disable-pip-version-check -r "$tests/pypi/maturin.txt"
empty "$work/pypi"
"$root/packaging/pypi/build" "$work/pypi" >"$work/pypi.txt" 2>&1 || { cat "$work/pypi.txt"; exit 1; }
wheel=$(echo "$work/pypi"/*.whl)
echo "pypi: $(stat -c %s "$wheel") bytes, ${wheel##*/}"

empty "$work/venv"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$wheel"
cp "$tests/openapi.yaml" "$work/venv/"
cd "$work/venv"
serves tombstone-of-wheel bin/tombstone mock openapi.yaml
serves python-m bin/python -m tombstone_sandbox mock openapi.yaml

bin/pip install --quiet --disable-pip-version-check -r "$root/examples/pytest/requirements.txt"
empty "$work/pytest"
cp "$tests"/pypi/*.py "$work/pytest/"
sed "s|SPECS|$root/examples/specs|; s|FIXTURES|$root/examples/fixtures|" "$tests/pypi/pytest.ini" >"$work/pytest/pytest.ini"
cd "$work/pytest"
"$work/venv/bin/python" -m pytest -q
"$work/venv/bin/python" -m pytest -q -n 2
said=$("$work/venv/bin/python" -m pytest -q failing.py) && fail 'tests that fail pass'
for part in 'tombstone: sandbox ' 'GET    404 /@.*/shop/nothing-of-the-kind  unknown.route' "does not take 'fixtures'"; do
    grep -q -- "$part" <<<"$said" || { echo "$said"; fail "the report does not say: $part"; }
done

cp -r "$root/examples/pytest" "$work/pytest/example"
cd "$work/pytest/example"
"$work/venv/bin/python" -m pytest -p no:cacheprovider
