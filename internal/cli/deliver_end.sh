
if [ -n "$failed" ]; then
	printf 'Not delivered. To try these again: sh %s%s\n' "$0" "$failed" >&2
	exit 1
fi
echo "Delivered."
