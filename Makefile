# The short names of what one does with Postrider. The build itself is meson's.
DIR ?= ./var
PORT_BASE ?= 2000
prefix ?= /usr/local
PREFIX ?= $(prefix)
DESTDIR ?=
ROUNDS ?= 1000
PART ?= all

.PHONY: all run check check-long check-fresh check-deb bench fuzz deb install uninstall clean

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@scripts/setup build
	@scripts/quiet "meson setup" meson setup build --prefix $(PREFIX)

# The program alone: the tests are not needed for it.
run: build/build.ninja
	@ninja -C build postrider
	@exec build/postrider demo --dir $(DIR) --port-base $(PORT_BASE)

check:
	@scripts/check

check-long:
	@scripts/check long $(ROUNDS)

check-fresh:
	@scripts/check-fresh $(PART)

bench:
	@scripts/setup bench
	@scripts/bench
	@scripts/bench-road
	@scripts/bench-sender
	@scripts/bench-rules
	@scripts/bench-webmail

fuzz:
	@scripts/fuzz

deb:
	@scripts/deb

check-deb:
	@scripts/check-deb

install: build/build.ninja
	@DESTDIR=$(DESTDIR) scripts/install $(PREFIX)

uninstall:
	@DESTDIR=$(DESTDIR) scripts/uninstall $(PREFIX)

clean:
	rm -rf build build-check build-fuzz build-clang build-deb build-fresh
