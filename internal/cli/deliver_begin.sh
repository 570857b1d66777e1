#
# Run it in the directory that holds the files: sh SCRIPT. It needs curl. It can be
# run again; with numbers of items behind it, it sends those alone. What it sends is
# taken only if it is what the manifest promises. It is a secret.

command -v curl >/dev/null || {
	echo "curl is not there, which this needs." >&2
	exit 127
}

only=" $* "
failed=

fail() {
	printf 'Item %s, %s: %s\n' "$number" "$shown" "$1" >&2
	failed="$failed $number"
}

# put NUMBER SIZE FILE NAME-TO-SHOW URL HEADER...
put() {
	number=$1 size=$2 file=./$3 shown=$4 url=$5
	case $only in
	"  " | *" $number "*) ;;
	*) return ;;
	esac
	if [ ! -f "$file" ] || [ ! -r "$file" ]; then
		fail "there is no such file here, or it cannot be read"
		return
	fi
	found=$(($(wc -c <"$file")))
	if [ "$found" -ne "$size" ]; then
		fail "the file has $found bytes, and the manifest says $size"
		return
	fi
	shift 5
	for header do
		shift
		set -- "$@" -H "$header"
	done
	if code=$(curl -fgsS --retry 3 -o /dev/null -w '%{http_code}' -T "$file" "$@" "$url") && [ "$code" = 200 ]; then
		printf 'Item %s, %s: delivered\n' "$number" "$shown"
	else
		fail "not taken: the file is not what the manifest says, or the time is over, or the store cannot be reached (status $code)"
	fi
}

