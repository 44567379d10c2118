#!/usr/bin/env bash
# Cargo: `cargo install` from the checkout, and the archive in which `cargo binstall` finds the program.
set -euo pipefail
source "$(dirname "$0")/common.bash"

# What is compiled already is taken from the target directory.
cargo install --quiet --locked --path "$root" --target-dir "$root/target" --root "$work/cargo" --no-track --force
cd "$tests"
serves cargo-install "$work/cargo/bin/tombstone" mock openapi.yaml

target=$(rustc -vV | sed -n 's/^host: //p')
empty "$work/archives"
archive=$("$root/packaging/archive" "$target" "$work/archives" "$program")
(cd "$work/archives" && sha256sum --quiet --check ./*.sha256)
# Where Cargo.toml says that it is, for this version.
read -r file binary < <(cargo metadata --manifest-path "$root/Cargo.toml" --no-deps --format-version 1 | python3 -c '
import json, sys
[package] = json.load(sys.stdin)["packages"]
binstall = package["metadata"]["binstall"]
names = {"repo": "", "name": package["name"], "version": package["version"], "target": sys.argv[1], "bin": "tombstone", "binary-ext": ""}
def filled(text):
    for name, value in names.items():
        text = text.replace("{ %s }" % name, value)
    return text
print(filled(binstall["pkg-url"]).split("/")[-1], filled(binstall["bin-dir"]))' "$target")
[[ ${archive##*/} == "$file" ]] || fail "the archive is $archive, and binstall looks for $file"
empty "$work/archive"
tar -C "$work/archive" -xzf "$archive"
folder="$work/archive/${binary%/*}"
serves archive "$work/archive/$binary" mock openapi.yaml
for part in LICENSE-MIT LICENSE-APACHE THIRD-PARTY.txt man/tombstone-mock.1 completions/tombstone.zsh; do
    [[ -s "$folder/$part" ]] || fail "the archive has no $part"
done
bash -n "$folder/completions/tombstone.bash"
echo "archive: $(stat -c %s "$archive") bytes, $file"
