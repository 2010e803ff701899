# The short names of what one does with Postrider. The build itself is meson's.
DIR ?= ./var
PORT_BASE ?= 2000
prefix ?= /usr/local
PREFIX ?= $(prefix)
DESTDIR ?=
ROUNDS ?= 1000

.PHONY: all run check check-long bench fuzz install clean

all: build/build.ninja
	@ninja -C build

build/build.ninja:
	@scripts/setup build
	@meson setup build --prefix $(PREFIX) >/dev/null

run: all
	@exec build/src/daemon/postrider demo --dir $(DIR) --port-base $(PORT_BASE)

check:
	@scripts/check

check-long:
	@scripts/check long $(ROUNDS)

bench:
	@scripts/setup bench
	@scripts/bench
	@scripts/bench-road

fuzz:
	@scripts/fuzz

install: all
	@meson configure build -Dprefix=$(PREFIX) && ninja -C build --quiet
	@DESTDIR=$(DESTDIR) meson install -C build --no-rebuild
	@DESTDIR=$(DESTDIR) scripts/post-install

clean:
	rm -rf build build-check build-fuzz build-clang
