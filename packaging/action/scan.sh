#!/usr/bin/env bash
# Scans what the event is about, or an image, in one run: annotations, the summary of the job, SARIF if it is asked for.
set -euo pipefail
if [ -n "$KEYSWEEP_IMAGE" ]; then
	# A path cannot become an option, or a dash for standard input.
	case $KEYSWEEP_IMAGE in
	/*) args=(image "$KEYSWEEP_IMAGE" --format github) ;;
	*) args=(image "./$KEYSWEEP_IMAGE" --format github) ;;
	esac
else
	args=(range --ci --format github)
fi
if [ -n "$KEYSWEEP_SARIF" ]; then
	args+=(--also "sarif=$KEYSWEEP_SARIF")
fi
while IFS= read -r line; do
	if [ -n "$line" ]; then
		args+=("$line")
	fi
done <<<"$KEYSWEEP_ARGS"
exec keysweep "${args[@]}"
