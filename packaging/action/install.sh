#!/usr/bin/env bash
# Puts keysweep on the PATH of the steps that follow: a release whose archive has the SHA-256 that the workflow names, or
# what is on PATH already, or a build of the commit that this file is of.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=${KEYSWEEP_VERSION#v}
folder=$RUNNER_TEMP/keysweep

if [ -z "$version" ]; then
	if command -v keysweep; then
		exit 0
	fi
	if [ "${KEYSWEEP_CACHE:-}" = true ]; then
		folder=$HOME/.cache/keysweep-action
	fi
	if [ ! -x "$folder/bin/keysweep" ]; then
		cargo install --locked --path "$root" --root "$folder"
	fi
	echo "$folder/bin" >>"$GITHUB_PATH"
	exit 0
fi

if [[ ! $version =~ ^[0-9][0-9A-Za-z.-]*$ ]]; then
	echo "::error title=keysweep::'version' is no version"
	exit 2
fi
if [[ ! $KEYSWEEP_SHA256 =~ ^[0-9a-f]{64}$ ]]; then
	echo "::error title=keysweep::'version' needs 'sha256', the 64 digits in the .sha256 file beside the release's archive"
	exit 2
fi
. "$root/packaging/platform.sh"
name=keysweep-$version-$os-$arch
archive=$RUNNER_TEMP/$name.tar.gz
curl --fail --silent --show-error --location --retry 3 --output "$archive" \
	"$KEYSWEEP_ORIGIN/releases/download/v$version/$name.tar.gz"
if command -v sha256sum >"$RUNNER_TEMP/which"; then
	found=$(sha256sum <"$archive")
else
	found=$(shasum -a 256 <"$archive")
fi
if [ "${found%% *}" != "$KEYSWEEP_SHA256" ]; then
	rm -f "$archive"
	echo "::error title=keysweep::the archive of the release has another SHA-256 than 'sha256' says: ${found%% *}"
	exit 2
fi
mkdir -p "$folder"
tar -xzf "$archive" -C "$folder"
echo "$folder/$name" >>"$GITHUB_PATH"
