# A plain Debian 12, for scripts/check-fresh and scripts/check-deb, which read this file: `fresh_inside`, then `fresh_root`.
# Needs root and debootstrap. All lies below build-fresh/; the base system is kept there for the next run.
release=bookworm
fresh=$PWD/build-fresh
base=$fresh/base

sources() {
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
        grep -E "^deb [^ ]+ $release(-security|-updates)? main" | sort -u
}

# `fresh_inside NAME ARGUMENT...`: starts this script again in a mount and a process namespace of its own. Whatever happens then, nothing
# is left mounted or running.
fresh_inside() {
    name=$1
    shift
    [ "$(id -u)" -eq 0 ] || { echo "$name: only root can set up a Debian system; run it with sudo" >&2; exit 77; }
    command -v debootstrap >/dev/null || { echo "$name: debootstrap is missing; run: apt-get install debootstrap" >&2; exit 69; }
    [ "${FRESH_INSIDE:-}" = yes ] || FRESH_INSIDE=yes exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
}

# `fresh_root FOLDER`: a copy of the base system there, which is made if there is none yet, ready to be entered by chroot.
fresh_root() {
    root=$1
    [ -n "$(sources)" ] || { echo "apt here knows no source of Debian $release; run apt-get update on a Debian 12" >&2; exit 69; }
    if [ ! -e "$base/.complete" ]; then
        rm -rf "$base"
        mkdir -p "$base"
        mirror=$(sources | awk -v r="$release" '$3 == r { print $2; exit }')
        scripts/quiet "debootstrap" debootstrap --variant=minbase "$release" "$base" "$mirror"
        touch "$base/.complete"
    fi
    rm -rf "$root"
    cp -a "$base" "$root"
    sources >"$root/etc/apt/sources.list"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    echo "127.0.0.1 localhost" >"$root/etc/hosts"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    scripts/quiet "apt-get update" chroot "$root" apt-get update -qq
}
