#!/usr/bin/env bash
# Completes the clone of a job as far as the scan needs it: the head of the event, its base or else the default branch, and in
# a shallow clone the commits between them. It does not fail: what is missing in the end keysweep names, and ends with 2.
set -euo pipefail

is_id() { [[ $1 =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ && ! $1 =~ ^0+$ ]]; }
is_here() { git rev-parse --quiet --verify --end-of-options "$1^{commit}" >"$log"; }
is_shallow() { [ "$(git rev-parse --is-shallow-repository)" = true ]; }
bring() { git fetch --quiet --no-tags --no-recurse-submodules "$@" 2>>"$log" || failed=yes; }

# Whether no commit that is new stands where the clone is cut off.
is_whole() {
	is_here "$head" || return 1
	is_shallow || return 0
	[ ${#old[@]} -gt 0 ] || return 1
	git rev-list "$head" --not "${old[@]}" -- >"$log.new"
	! grep -qxFf "$(git rev-parse --git-path shallow)" "$log.new"
}

# The base if it can be had, else the default branch unless that is what the job is about.
find_old() {
	old=()
	if is_id "$base" && is_here "$base"; then
		old=("$base")
	elif [ -n "$trunk" ] && is_here "refs/remotes/origin/$trunk"; then
		old=("refs/remotes/origin/$trunk")
	fi
}

log=$(mktemp)
trap 'rm -f "$log" "$log.new"' EXIT
failed=no
head=$KEYSWEEP_HEAD base=$KEYSWEEP_BASE trunk=$KEYSWEEP_TRUNK
if ! is_id "$head"; then
	exit 0
fi
if [ "${GITHUB_REF:-}" = "refs/heads/$trunk" ] || ! git check-ref-format "refs/heads/$trunk"; then
	trunk=
fi

# Each by itself: of a branch that was pushed over the server may not have the commit before any more.
wanted=("$head")
if is_id "$base"; then
	wanted+=("$base")
fi
if [ -n "$trunk" ]; then
	wanted+=("+refs/heads/$trunk:refs/remotes/origin/$trunk")
fi
find_old
if ! is_shallow; then
	is_here "$head" || bring origin "$head"
	! is_id "$base" || is_here "$base" || bring origin "$base"
	[ -z "$trunk" ] || is_here "refs/remotes/origin/$trunk" || bring origin "${wanted[${#wanted[@]} - 1]}"
else
	depth=50
	if [ ${#wanted[@]} -eq 1 ]; then
		depth=2147483647
	elif [[ $KEYSWEEP_COMMITS =~ ^[0-9]{1,6}$ ]]; then
		depth=$((KEYSWEEP_COMMITS + 2))
	fi
	for depth in "$depth" $((depth * 8)) $((depth * 64)) 2147483647; do
		if is_whole; then
			break
		fi
		for one in "${wanted[@]}"; do
			bring --depth "$depth" origin "$one"
		done
		find_old
	done
fi
if [ "$failed" = yes ] && ! is_whole; then
	echo "::warning title=keysweep::not all commits could be fetched: give actions/checkout 'fetch-depth: 0'"
	sed 's/^/git: /' "$log"
fi
