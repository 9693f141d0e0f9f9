# Without arguments this runs the steps in order, asks before each that cannot be undone, and waits for what only a person can
# do. It stops at the first step that fails; run it again, and it goes on from there. The values lie in the files of the
# plan, none of them is in here.
#
#   --yes       takes every question for answered with yes, except where a file has to be edited
#   --done N    marks step N as done by hand

set -u
left=
unset CDPATH GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

say() {
	printf '%s\n' "$1" | fold -s -w "${COLUMNS:-80}"
}

stop() {
	printf '\n'
	say "$1"
	exit 1
}

is_done() {
	[ -f "$progress" ] && grep -q -x -e "$plan $1" "$progress"
}

# The last step removes the file, too.
note() {
	[ ! -f "$values" ] || (umask 077 && printf '%s %s\n' "$plan" "$1" >>"$progress")
}

agreed() {
	if [ "$assent" = yes ]; then
		return 0
	fi
	printf '%s [y/N] ' "$1"
	answer=
	IFS= read -r answer <&3
	case $answer in
	[yY] | [yY][eE][sS]) return 0 ;;
	*) return 1 ;;
	esac
}

refs() {
	case $1 in
	repository) git -C "$2" for-each-ref --format='%(objectname) %(refname)' ;;
	remote) git -C "$2" ls-remote --quiet origin | awk '$2 ~ /^refs\// && $2 !~ /\^\{\}$/ { print $1, $2 }' ;;
	esac 2>/dev/null
}

objects() {
	[ "$1" != repository ] || git -C "$2" count-objects -v 2>/dev/null | awk '/^(count|in-pack):/ { all += $2 } END { print all + 0 }'
}

# Names of refs may hold a value, so they are counted and not printed.
tell() {
	printf '%s\n--\n%s\n' "$1" "$2" | awk '
		$1 == "--" { is_after = 1; next }
		NF < 2 { next }
		!is_after { before[$2] = $1; next }
		!($2 in before) { added++; next }
		{ if (before[$2] != $1) moved++; delete before[$2] }
		function refs(count) { return count (count == 1 ? " ref " : " refs ") }
		END {
			for (name in before) deleted++
			if (moved) all = ", " refs(moved) "moved"
			if (deleted) all = all ", " refs(deleted) "deleted"
			if (added) all = all ", " refs(added) "new"
			print "Done: " (all ? substr(all, 3) : "no ref has changed") "."
		}'
}

run() {
	before=$(refs "$1" "$2")
	objects_before=$(objects "$1" "$2")
	if [ -t 3 ]; then
		sh -e -c "$command" <&3 3<&-
	else
		sh -e -c "$command" </dev/null 3<&-
	fi
	code=$?
	if [ "$code" -ne 0 ]; then
		stop "Step $number failed with exit code $code, and none after it was run. When the cause is fixed, run this script again: it resumes with this step. If the remote or this repository has changed in the meantime, fetch, create the plan again with 'keysweep purge-plan --script', and start over with the new script. If you have done the step by hand, run this script with '--done $number' to continue."
	fi
	case $1 in
	output) say "Done." ;;
	*) tell "$before" "$(refs "$1" "$2")" ;;
	esac
	if [ "$1" = repository ]; then
		say "Objects: ${objects_before:-0} before, $(objects "$1" "$2") now."
	fi
}

# step NUMBER PHASE PLACE CONSENT TRACE REPOSITORY, with the title in the first line of the input and the command in the rest
step() {
	number=$1
	IFS= read -r title
	command=$(cat)
	if is_done "$number"; then
		say "Step $number was done before."
		return
	fi
	printf '\n%s\n' "Step $number of $steps: $2"
	say "$title"
	[ -z "$command" ] || printf '%s\n' "$command" | sed 's/^/    $ /'
	case $4 in
	none) ;;
	confirm) agreed "This cannot be undone. Run it?" || stop "Step $number has not been run. Run this script again to continue with it." ;;
	attend)
		[ "$assent" != yes ] || stop "Step $number has to be done by hand. Run this script without --yes to continue, or do the step and run this script with '--done $number'."
		agreed "Run it now?" || stop "Step $number has not been run. Run this script again to continue with it."
		;;
	esac
	if [ "$3" = here ] && [ -n "$command" ]; then
		run "$5" "$6"
	fi
	if [ "$4" = by-hand ] && [ "$assent" = yes ]; then
		say "This script cannot do this step: it is left for you."
		left="${left:+$left, }$number"
	elif [ "$4" = by-hand ]; then
		agreed "Has this been done, or does it not concern you?" || stop "Step $number has not been done. Run this script again to continue with it."
	fi
	note "$number"
}

begin() {
	assent=ask
	case ${1-} in
	'') ;;
	--yes) assent=yes ;;
	--done)
		case ${2-} in
		'' | *[!0-9]*) stop "--done needs the number of a step." ;;
		esac
		note "$2"
		say "Step $2 is marked as done."
		exit 0
		;;
	-h | --help)
		say "Without arguments, this script runs the steps in order and asks before each that cannot be undone. '--yes' answers every question with yes, and leaves steps for a person out. '--done N' marks step N as done by hand."
		exit 0
		;;
	*) stop "The arguments are --yes or --done N, and none is needed." ;;
	esac
	[ -f "$values" ] || stop "The files of this plan are gone: either it has been carried out, or 'keysweep purge-plan' has to create it again."
	for program in git keysweep; do
		command -v "$program" >/dev/null || stop "$program is not on PATH."
	done
	cd "$root" || exit 1
}

end() {
	if [ -n "$left" ]; then
		say "The script has done its steps. These are left for you, because only a person can do them: step $left."
	else
		say 'All steps are done.'
	fi
}

# Answers come from standard input; commands have it only if it is a terminal, so that they take no answer away.
exec 3<&0
