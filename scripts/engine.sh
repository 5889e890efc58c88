# shellcheck shell=bash
# scripts/engine.sh - sourced; sets `engine` to docker or podman where one answers, else to buildah.
# shellcheck disable=SC2034 # for who sources this
engine=buildah
for candidate in docker podman; do
    if command -v $candidate >/dev/null && timeout 10 $candidate info >/dev/null 2>&1; then
        engine=$candidate
        break
    fi
done
