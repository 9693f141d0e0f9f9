#!/usr/bin/env bash
# Makes npm packages of the archives of a release: one for each platform, and 'keysweep', which picks among them.
#   packaging/npm/pack.sh ARCHIVE...     writes them beside the first archive
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(cd "$(dirname "$1")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The address of the project stands in Cargo.toml, once there is one.
url=$(sed -n 's/^repository = "\(.*\)"$/\1/p' "$here/../../Cargo.toml")

# What all of the packages say of themselves.
about() {
	printf '{"name":"%s","version":"%s","license":"MIT OR Apache-2.0","description":"%s",%s%s}\n' "$1" "$version" \
		"Stops secrets from entering a git repository and says how to make each one harmless" \
		"${url:+\"repository\":\"$url\",}" "$2"
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
	printf '# %s\n\nThe program of the package keysweep for %s on %s. Install keysweep, which picks it.\n' \
		"$package" "$os" "$arch" >"$work/$package/README.md"
	about "$package" "\"os\":[\"$os\"],\"cpu\":[\"$arch\"]" >"$work/$package/package.json"
	platforms="$platforms${platforms:+,}\"$package\":\"$version\""
	(cd "$out" && npm pack --silent "$work/$package")
done

mkdir "$work/keysweep"
cp "$here/keysweep.js" "$work/$name"/LICENSE-* "$work/keysweep/"
cp -R "$work/$name/man" "$work/$name/completions" "$work/keysweep/"
cp "$here/../PACKAGE.md" "$work/keysweep/README.md"
pages=$(cd "$work/keysweep" && printf ',"%s"' man/man1/*)
about keysweep "\"bin\":\"keysweep.js\",\"man\":[${pages#,}],\"engines\":{\"node\":\">=18\"},\"optionalDependencies\":{$platforms}" \
	>"$work/keysweep/package.json"
(cd "$out" && npm pack --silent "$work/keysweep")
