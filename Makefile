# The short names of what one does with Postrider. The build itself is meson's.
DIR ?= ./var
PORT_BASE ?= 2000
prefix ?= /usr/local
PREFIX ?= $(prefix)
DESTDIR ?=
ROUNDS ?= 1000
PART ?= all

.PHONY: all run check check-long check-fresh bench fuzz install clean

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@scripts/setup build
	@scripts/quiet "meson setup" meson setup build --prefix $(PREFIX)

run: all
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

fuzz:
	@scripts/fuzz

install: all
	@meson configure build -Dprefix=$(PREFIX) && ninja -C build --quiet
	@DESTDIR=$(DESTDIR) meson install -C build --no-rebuild
	@DESTDIR=$(DESTDIR) scripts/post-install

clean:
	rm -rf build build-check build-fuzz build-clang build-fresh
