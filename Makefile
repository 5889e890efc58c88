# What people do with dotproxy; `make help` lists it. Meson and ninja do the building.

prefix       ?= /usr/local
sysconfdir   ?= /etc
DESTDIR      ?=
FUZZ_SECONDS ?= 60
IMAGE        ?= dotproxy
ARGS         ?= -c build/run.yaml --listen dns://127.0.0.1:5300 --set control.socket=build/control.sock

bindir  = $(DESTDIR)$(prefix)/bin
mandir  = $(DESTDIR)$(prefix)/share/man/man1
docdir  = $(DESTDIR)$(prefix)/share/doc/dotproxy
unitdir = $(DESTDIR)$(prefix)/lib/systemd/system
confdir = $(DESTDIR)$(sysconfdir)/dotproxy

all:            ## build/dotproxy, the release build (installs what it needs from Debian first)
	@scripts/setup.sh run
	@test -f build/build.ninja || meson setup build -Dtests=false
	@ninja -C build --quiet dotproxy

run: all        ## dotproxy on 127.0.0.1:5300, forwarding to Cloudflare over TLS (ARGS)
	@echo 'Ctrl-C stops it. To try it, in another window:'
	@echo '    dig @127.0.0.1 -p 5300 example.com A +tcp'
	@echo '    build/dotproxy ctl status --socket build/control.sock'
	@touch build/run.yaml
	@exec build/dotproxy $(ARGS)

demo: all       ## the same without the internet: a real resolver with TLS behind it, on loopback
	@scripts/setup.sh demo
	@scripts/demo.sh build/dotproxy

test: all       ## everything that must hold: lints, warnings, unit, functional, sanitizers, fuzz
	@tests/run

fuzz: all       ## each fuzz target for FUZZ_SECONDS (60)
	@scripts/setup.sh test
	@tests/run_fuzz $(FUZZ_SECONDS)

chaos: all      ## two upstreams under load, one fails in every known way: questions lost, latencies
	@scripts/setup.sh chaos
	@tests/chaos/run

bench: all      ## dotproxy beside its peers and the machine's limit; a table in bench/results/
	@scripts/setup.sh bench
	@bench/run

install: all    ## binary, man page, example configuration, service unit (DESTDIR, prefix, sysconfdir)
	install -D -m 755 build/dotproxy $(bindir)/dotproxy
	install -d $(mandir) $(docdir) $(unitdir) $(confdir)
	install -m 644 docs/reference/dotproxy.1 $(mandir)
	test -e $(confdir)/dotproxy.yaml || install -m 644 etc/dotproxy.yaml $(confdir)
	sed 's,/usr/bin/,$(prefix)/bin/,' etc/dotproxy.service >$(unitdir)/dotproxy.service
	install -m 644 LICENSE README.md etc/dotproxy.yaml etc/grafana-dashboard.json etc/prometheus-alerts.yaml $(docdir)

image:          ## the container image (docker, podman or buildah)
	@scripts/image.sh $(IMAGE)

image-test:     ## starts the image beside a real resolver and asks it
	@scripts/image-test.sh $(IMAGE)

clean:          ## removes what was built
	rm -rf build build-* bench/build

help:           ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

.PHONY: all run demo test fuzz chaos bench install image image-test clean help
