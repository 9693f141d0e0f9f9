#!/usr/bin/env bash
# Makes npm packages of the archives of a release: one for each platform, and 'keysweep', which picks among them.
#   packaging/npm/pack.sh ARCHIVE...     writes them beside the first archive
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(cd "$(dirname "$1")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What all of the packages say of themselves.
about() {
	printf '{"name":"%s","version":"%s","license":"MIT OR Apache-2.0","description":"%s",%s}\n' "$1" "$version" \
		"Stops secrets from entering a git repository and says how to make each one harmless" "$2"
}

platforms=
for archive in "$@"; do
	name=$(basename "$archive" .tar.gz)
	IFS=- read -r _ version os arch <<<"$name"
	case "$os" in
	macos) os=darwin ;;
	windows) os=win32 ;;
	esac
	[ "$arch" != x86_64 ] || arch=x64
	package=keysweep-$os-$arch
	tar -xzf "$archive" -C "$work"
	mkdir "$work/$package"
	cp "$work/$name"/keysweep* "$work/$name"/LICENSE-* "$work/$package/"
	about "$package" "\"os\":[\"$os\"],\"cpu\":[\"$arch\"]" >"$work/$package/package.json"
	platforms="$platforms${platforms:+,}\"$package\":\"$version\""
	(cd "$out" && npm pack --silent "$work/$package")
done

mkdir "$work/keysweep"
cp "$here/keysweep.js" "$work/$name"/{README.md,LICENSE-APACHE,LICENSE-MIT} "$work/keysweep/"
about keysweep "\"bin\":\"keysweep.js\",\"engines\":{\"node\":\">=18\"},\"optionalDependencies\":{$platforms}" \
	>"$work/keysweep/package.json"
(cd "$out" && npm pack --silent "$work/keysweep")
