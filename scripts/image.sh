#!/bin/bash
# scripts/image.sh [NAME] - builds the Dockerfile with docker, podman or buildah, whichever is at hand.
set -eu
cd "$(dirname "$0")/.."
. scripts/engine.sh
name=${1:-dotproxy}
base=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile)

# Where no registry can be reached: Debian's smallest tree from the mirror that apt uses, under the same name.
make_base() {
    local container tree mirror
    # shellcheck disable=SC2016 # apt fills it in
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
    echo "image: no $base to be had; making it with debootstrap"
    container=$(buildah from scratch)
    tree=$(buildah mount "$container")
    debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        bookworm "$tree" "$mirror" >/dev/null
    rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*
    buildah umount "$container" >/dev/null
    buildah commit --quiet --rm "$container" "$base" >/dev/null
}

case $engine in
docker | podman)
    "$engine" build -t "$name" .
    ;;
buildah)
    scripts/setup.sh image
    buildah inspect --type image "$base" >/dev/null 2>&1 ||
        timeout 60 buildah pull --quiet "$base" >/dev/null 2>&1 || make_base
    # The docker format, for OCI's own has no health check; the limit is what buildah 1.28 asks for.
    buildah build --isolation=chroot --ulimit nofile=20000:20000 --format docker --pull-never -t "$name" .
    ;;
esac
