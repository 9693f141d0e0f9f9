#!/usr/bin/env bash
# Builds what a release consists of, the same on every machine that has the same compiler: README.md beside this file.
#   packaging/release.sh [FOLDER]     the folder is 'dist' unless another is named
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "${1:-dist}"
out=$(cd "${1:-dist}" && pwd)

. packaging/platform.sh

# Nothing of this machine enters the program: no path, no time, no order of work.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH CARGO_INCREMENTAL=0 LC_ALL=C TZ=UTC
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
# Of several prefixes that fit, the compiler takes the last.
RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$(rustc --print sysroot)=/rust"
RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$PWD=/keysweep --remap-path-prefix=$CARGO_TARGET_DIR=/target"
# On Linux the C library becomes a part of the program, which then runs on every distribution, whatever library that has.
[ "$os" != linux ] || RUSTFLAGS="$RUSTFLAGS -C target-feature=+crt-static"
export RUSTFLAGS
# Named, the target gets these flags and the programs that only build something do not.
target=$(rustc -vV | sed -n 's/^host: //p')
cargo build --profile dist --locked --features live --bin keysweep --target "$target"
binary=$CARGO_TARGET_DIR/$target/dist/keysweep
[ -f "$binary" ] || binary=$binary.exe

version=$("$binary" --version | cut -d' ' -f2)
name=keysweep-$version-$os-$arch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/completions" "$work/$name/packaging"
cp "$binary" ./*.md LICENSE-APACHE LICENSE-MIT "$work/$name/"
cp -R docs "$work/$name/docs"
# The pages lead there.
cp packaging/README.md "$work/$name/packaging/"
"$binary" man "$work/$name/man/man1"
for shell in bash elvish fish powershell zsh; do
	"$binary" completions "$shell" --output "$work/$name/completions/keysweep.$shell"
done

# The options of GNU tar; on macOS it is called gtar.
tar=tar
command -v gtar >"$work/which" && tar=gtar
"$tar" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w --mtime="@$SOURCE_DATE_EPOCH" \
	--format=ustar -C "$work" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
cd "$out"
if command -v sha256sum >"$work/which"; then
	sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256"
else
	shasum -a 256 "$name.tar.gz" | tee "$name.tar.gz.sha256"
fi
