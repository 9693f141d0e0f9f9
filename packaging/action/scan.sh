#!/usr/bin/env bash
# Scans what the event is about, in one run: annotations, the summary of the job, SARIF if it is asked for.
set -euo pipefail
args=(range --ci --format github)
if [ -n "$KEYSWEEP_SARIF" ]; then
	args+=(--also "sarif=$KEYSWEEP_SARIF")
fi
while IFS= read -r line; do
	if [ -n "$line" ]; then
		args+=("$line")
	fi
done <<<"$KEYSWEEP_ARGS"
exec keysweep "${args[@]}"
