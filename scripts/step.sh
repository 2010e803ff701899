# For scripts/check and its parts: `step NAME COMMAND...` runs a command under a headline. `failed` is 1 when one of them has failed.
failed=0
step() {
    name=$1
    shift
    echo "== $name"
    began=$(date +%s)
    "$@" || { echo "FAILED: $name ($*)"; failed=1; }
    took=$(($(date +%s) - began))
    [ "$took" -lt 5 ] || echo "($took s)"
}
