#!/usr/bin/env bash
# Names the build of these sources on this kind of runner, for the cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
digest() {
	if command -v sha256sum >"$RUNNER_TEMP/which"; then sha256sum; else shasum -a 256; fi
}
sources=$(find Cargo.toml Cargo.lock build.rs rules.toml hooks src -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat | digest)
echo "key=keysweep-$RUNNER_OS-$RUNNER_ARCH-${ImageOS:-other}-${sources%% *}" >>"$GITHUB_OUTPUT"
