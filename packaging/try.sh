#!/usr/bin/env bash
# Installs what was made of an archive of a release, each into an empty prefix, and runs it from there.
#   packaging/try.sh ARCHIVE     for this platform; needs python3 and npm, which fetch nothing
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
archive=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$archive" "$work/"
archive=$work/$(basename "$archive")
name=$(basename "$archive" .tar.gz)
version=$(cut -d- -f2 <<<"$name")

# What is installed says its version, proves its rules, and tells nothing from something. It has neither folders of this
# machine nor anything on PATH to lean on.
works() {
	[ "$(env -i PATH=/usr/bin:/bin "$1" --version)" = "keysweep $version" ]
	env -i PATH=/usr/bin:/bin "$1" rules check >"$work/rules"
	printf 'nothing\n' | env -i PATH=/usr/bin:/bin "$1" files - >"$work/clean"
}

# Each file that a page of Markdown links to has to be there.
links() {
	local page=$1 target
	# A page without links is none that is wrong.
	{ grep -o '](\([^)]*\))' "$page" || true; } | sed 's/^](//; s/)$//; s/#.*//' | while IFS= read -r target; do
		case $target in
		'' | *://*) ;;
		*) [ -e "$(dirname "$page")/$target" ] || {
			echo "$page links to $target, which is not there" >&2
			return 1
		} ;;
		esac
	done
}

mkdir "$work/archive"
tar -xzf "$archive" -C "$work/archive"
works "$work/archive/$name/keysweep"
links "$work/archive/$name/README.md"
[ -s "$work/archive/$name/man/man1/keysweep.1" ]
echo "archive: works"

wheel=$(python3 "$here/python/wheel.py" "$archive")
python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --no-index --no-deps --disable-pip-version-check "$wheel"
works "$work/python/bin/keysweep"
[ -s "$work/python/share/man/man1/keysweep.1" ]
[ -s "$work/python/share/bash-completion/completions/keysweep" ]
"$work/python/bin/pip" show --files keysweep >"$work/shown"
grep -q licenses/LICENSE-MIT "$work/shown"
echo "wheel: works, $(basename "$wheel")"

bash "$here/npm/pack.sh" "$archive" >"$work/packed"
mkdir "$work/npm"
(cd "$work/npm" && npm install --silent --offline --no-audit --no-fund --prefix . "$work"/keysweep-*.tgz)
[ "$("$work/npm/node_modules/.bin/keysweep" --version)" = "keysweep $version" ]
for file in README.md LICENSE-MIT LICENSE-APACHE man/man1/keysweep.1 completions/keysweep.bash; do
	[ -s "$work/npm/node_modules/keysweep/$file" ]
done
echo "npm: works"

cd "$here/.."
cargo package --quiet --offline --no-verify --allow-dirty --target-dir "$work/cargo"
tar -xzf "$work/cargo/package/keysweep-$version.crate" -C "$work"
for page in README.md CONTRIBUTING.md DESIGN.md ARCHITECTURE.md docs/ci.md; do
	links "$work/keysweep-$version/$page"
done
echo "crate: links work"
