# Read by rcS; leaves nothing behind in it but files.
seed=$ROOT/var/lib/seed
case "$1" in
start)
	( umask 077; mkdir -p "${seed%/*}"
	  if [ -f "$seed" ]; then mv -f "$seed" "$seed.old"; fi
	  dd if=/dev/zero of="$seed" bs=64 count=2 2>/dev/null )
	size=$(wc -c < "$seed")
	echo "Seed: $((size * 8)) bits"
	;;
stop)
	[ -s "$seed" ] && echo "Seed: kept"
	;;
esac
false
