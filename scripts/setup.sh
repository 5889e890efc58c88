#!/bin/sh
# scripts/setup.sh GROUP... - installs the Debian packages that a task needs, only those that are missing.
#
# This is the one place that names packages. With everything there it takes a moment and no root.
set -eu

packages() {
    case $1 in
    build)   echo gcc libc6-dev meson ninja-build pkg-config libgnutls28-dev libnghttp2-dev \
                  libhttp-parser-dev libyaml-dev libpsl-dev libcap-dev libseccomp-dev \
                  libprotobuf-c-dev protobuf-c-compiler libmicrohttpd-dev zlib1g-dev ;;
    runtime) echo libgnutls30 libnghttp2-14 libhttp-parser2.9 libyaml-0-2 libpsl5 libcap2 libseccomp2 libprotobuf-c1 libmicrohttpd12 zlib1g \
                  ca-certificates libcap2-bin ;;
    run)     echo make ca-certificates bind9-dnsutils; packages build ;;
    demo)    echo procps unbound openssl bind9-dnsutils ;;
    test)    echo clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 universal-ctags \
                  libcmocka-dev python3 python3-pytest python3-pytest-xdist python3-dnspython python3-yaml python3-jsonschema python3-prometheus-client \
                  unbound nsd bind9 knot haproxy nginx bind9-dnsutils knot-dnsutils dnsperf gnutls-bin openssl \
                  prometheus curl nghttp2-client python3-httpx python3-h2 stubby systemd-resolved \
                  chromium libnss3-tools testssl.sh sslscan \
                  rsyslog rsyslog-gnutls fstrm-bin gzip \
                  tcpdump iproute2 procps util-linux mandoc shellcheck git ;;
    chaos)   echo gcc libc6-dev python3 gnutls-bin openssl iproute2 nftables util-linux ;;
    bench)   echo gcc libc6-dev make libssl-dev openssl dnsperf python3 util-linux procps ;;
    peers)   echo debootstrap debian-archive-keyring knot-dnsutils dnsdist ;;
    image)   echo buildah debootstrap debian-archive-keyring procps; packages demo ;;
    *)       echo "setup: no group \"$1\"; there are: build runtime run demo test chaos bench peers image" >&2; exit 2 ;;
    esac
}

# What Debian would start on ports where dotproxy, or somebody else, wants to be; only their programs are needed.
# PACKAGE:SERVICE where they are called differently.
services='unbound nsd dnsdist knot bind9:named stubby systemd-resolved haproxy nginx prometheus rsyslog'

missing_of() {
    have=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        sed -n 's/^installed //p' | tr '\n' ' ')"
    for package; do
        case $have in *" $package "*) ;; *) echo "$package" ;; esac
    done | sort -u | tr '\n' ' '
}

install() {
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Debian's own switch for "install, but start nothing".
without_starting() {
    policy=/usr/sbin/policy-rc.d
    [ ! -e $policy ] || policy=
    [ -z "$policy" ] || printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    [ -z "$policy" ] || as_root chmod 755 $policy
    status=0
    "$@" || status=$?
    [ -z "$policy" ] || as_root rm -f $policy
    for service in $services; do
        case " $missing" in
        *" ${service%:*} "*) as_root systemctl disable "${service#*:}" >/dev/null 2>&1 || true ;;
        esac
    done
    keep_resolver
    return $status
}

# systemd-resolved moves /etc/resolv.conf away for a file that only its service would write.
keep_resolver() {
    before=/etc/.resolv.conf.systemd-resolved.bak
    case " $missing" in
    *" systemd-resolved "*) [ ! -f $before ] || as_root mv $before /etc/resolv.conf ;;
    esac
}

# A freshly made machine has no package lists, or old ones: they are fetched only then.
install_or_update() {
    install 2>/dev/null || { as_root apt-get update -qq && install; }
}

[ $# -gt 0 ] || set -- run
wanted=
for group; do wanted="$wanted $(packages "$group")"; done

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not Debian; what is needed, by Debian's names:$wanted" >&2
    exit 0
fi

# shellcheck disable=SC2086
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root() { "$@"; }
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root() { sudo "$@"; }
else
    echo "setup: packages are missing; as root, run: apt-get install $missing" >&2
    exit 1
fi

echo "setup: installing $missing"
without_starting install_or_update
