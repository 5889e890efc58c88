#!/bin/bash
# Installs the load tool and every peer proxy, from Debian's own archive only.
#
#   PEERS_DIR   where the chroots go (default /opt/peers)
#   MIRROR      Debian mirror (default: the one that apt uses)
#
# Host (the running Debian): compiler, OpenSSL, dnsperf, dnsdist of that release.
# $PEERS_DIR/sid            : newest packaged version of each peer + newest dnsperf.
# $PEERS_DIR/trixie         : those sid does not carry (and the stable dnsdist).
# Packages a suite does not carry are skipped with a note. Re-running is harmless.
# shellcheck disable=SC2016,SC2086 # apt and dpkg fill in formats; package lists are words
set -eu
PEERS_DIR=${PEERS_DIR:-/opt/peers}
MIRROR=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)}
export DEBIAN_FRONTEND=noninteractive

# ("dnsproxy" and "flamethrower" in Debian are other programs of the same name.)
SID_PKGS="dnsdist unbound knot-resolver6 smartdns stubby dnscrypt-proxy coredns bind9 dnsperf"
TRIXIE_PKGS="dnsdist"

host() { "$(dirname "$0")/../scripts/setup.sh" bench peers; }

suite() { # suite packages...
  local s=$1 d="$PEERS_DIR/$1"; shift
  if [ ! -e "$d/.done-bootstrap" ]; then
    mkdir -p "$d"
    debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
      --include=ca-certificates "$s" "$d" "$MIRROR" >"$PEERS_DIR/$s.debootstrap.log" 2>&1
    printf '#!/bin/sh\nexit 101\n' >"$d/usr/sbin/policy-rc.d"   # nothing starts by itself
    chmod +x "$d/usr/sbin/policy-rc.d"
    touch "$d/.done-bootstrap"
  fi
  mountpoint -q "$d/proc" || mount -t proc proc "$d/proc"
  mountpoint -q "$d/dev"  || mount --rbind /dev "$d/dev"
  # a mirror that lags behind sid's short Release validity is good enough here
  echo 'Acquire::Check-Valid-Until "false";' >"$d/etc/apt/apt.conf.d/90bench"
  chroot "$d" apt-get update -qq
  local p
  for p in "$@"; do
    if chroot "$d" apt-cache policy "$p" | grep -q 'Candidate: [0-9]'; then
      chroot "$d" apt-get install -y -qq --no-install-recommends "$p" >>"$PEERS_DIR/$s.apt.log" 2>&1 \
        && echo "$s: $p $(chroot "$d" dpkg-query -W -f='${Version}' "$p")" \
        || echo "$s: $p FAILED (see $PEERS_DIR/$s.apt.log)"
    else
      echo "$s: $p is not packaged"
    fi
  done
}

mkdir -p "$PEERS_DIR"
[ -n "${SKIP_HOST:-}" ] || host
for s in ${SUITES:-sid trixie}; do
  case $s in
    sid)    suite sid $SID_PKGS ;;
    trixie) suite trixie $TRIXIE_PKGS ;;
    *)      suite "$s" $SID_PKGS ;;
  esac
done
