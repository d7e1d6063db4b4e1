# The usual words in front of Meson. BUILD names the build folder; its sanitizer
# companions get -asan and -tsan appended. MESON_FLAGS reaches meson setup.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
MESON_FLAGS ?=

# Warnings are judged by the ordinary builds: instrumented code gives false ones.
SANITIZER_FLAGS = -Db_lundef=false -Doptimization=1 -Dtests=enabled -Dwerror=false
ASAN_FLAGS = -Db_sanitize=address,undefined $(SANITIZER_FLAGS)
TSAN_FLAGS = -Db_sanitize=thread $(SANITIZER_FLAGS)
CLANG_FORMAT ?= $(shell command -v clang-format || command -v clang-format-14 || echo clang-format)
TEST = tests/support/with-postgresql --if-installed meson test --print-errorlogs -C

SOURCES = $(wildcard include/mdm/*.h src/*/*.[ch] tests/*/*.[ch] tests/unit/*/*.[ch] bench/*.[ch])

.PHONY: all everything check asan tsan bench format lint install clean

all: $(BUILD)/build.ninja
	ninja -C $(BUILD) product

# The tests and benchmarks too, without running them.
everything: $(BUILD)/with-tests
	ninja -C $(BUILD)

check: all $(BUILD)/with-tests
	$(TEST) $(BUILD)

asan: $(BUILD)-asan/build.ninja
	$(TEST) $(BUILD)-asan

tsan: $(BUILD)-tsan/build.ninja
	$(TEST) $(BUILD)-tsan --suite threads

bench: all
	meson test -C $(BUILD) --benchmark --verbose

format:
	$(CLANG_FORMAT) -i $(SOURCES)

lint:
	$(CLANG_FORMAT) --dry-run --Werror $(SOURCES)
	tools/check_rooms.py

install: all
	meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX)) >/dev/null
	DESTDIR=$(DESTDIR) meson install -C $(BUILD)
	[ -n "$(DESTDIR)" ] || ldconfig || true # only root can, and only there it matters

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan

$(BUILD)/build.ninja:
	meson setup $(BUILD) $(MESON_FLAGS)

# A build folder may be older than cmocka on this machine.
$(BUILD)/with-tests: | $(BUILD)/build.ninja
	meson configure $(BUILD) -Dtests=enabled >/dev/null
	touch $@

$(BUILD)-asan/build.ninja:
	meson setup $(BUILD)-asan $(MESON_FLAGS) $(ASAN_FLAGS)

$(BUILD)-tsan/build.ninja:
	meson setup $(BUILD)-tsan $(MESON_FLAGS) $(TSAN_FLAGS)
