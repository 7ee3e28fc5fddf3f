# Weir: everything a fresh machine needs is installed by scripts/bootstrap, which is instant when
# nothing is missing.  ARGS="…" is passed on:  make demo ARGS="--for 20s"

SWIFT ?= swift
SWIFT_BUILD_FLAGS ?=
SWIFT_TEST_FLAGS ?=
BENCHMARKS ?= Instruction Full Broker Core Latency Console Decode Users Risk Worker Replay Backtest Query
SOAK_FOR ?= 10m
# Tests that run at once: many wait for programs that they started, and one that waits in a long queue of
# others finds what it waited for minutes later.
TESTS_AT_ONCE ?= 6
SWIFT_FILES = Package.swift Sources Tests $(wildcard Benchmarks/Package.swift Benchmarks/Sources)

.DEFAULT_GOAL := help
.PHONY: help bootstrap build release demo test lint format bench soak sanitize clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

bootstrap:  ## install what is missing
	@scripts/bootstrap

build: bootstrap  ## build for debugging
	$(SWIFT) build $(SWIFT_BUILD_FLAGS)

release: bootstrap  ## build the optimised binary, .build/release/weir
	$(SWIFT) build -c release --product weir $(SWIFT_BUILD_FLAGS)

demo: release  ## a simulated shop, an embedded broker and the worker
	.build/release/weir demo $(ARGS)

test:  ## build and run every test
	@scripts/bootstrap test
	@scripts/timed "build" $(SWIFT) build --build-tests $(SWIFT_BUILD_FLAGS)
	@SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TESTS_AT_ONCE) \
	  scripts/timed "tests" scripts/failures $(SWIFT) test --skip-build $(SWIFT_TEST_FLAGS) $(ARGS)

lint: bootstrap  ## check format and style, change nothing
	$(SWIFT) format lint --strict --recursive $(SWIFT_FILES)
	$(SWIFT) test --filter StyleTests

format:  ## format every Swift file in place
	$(SWIFT) format --in-place --recursive $(SWIFT_FILES)

bench: release  ## measure, and print one table; some only: make bench BENCHMARKS="Core Full"
	@scripts/bootstrap bench
	$(SWIFT) build -c release --package-path Benchmarks $(SWIFT_BUILD_FLAGS)
	@figures=$$(mktemp) && trap 'rm -f '$$figures EXIT && export WEIR_BENCH_FIGURES=$$figures && \
	for name in $(BENCHMARKS); do \
	  echo && echo "$$name" && Benchmarks/.build/release/$${name}Benchmark $(ARGS) || exit 1; \
	done && echo && Benchmarks/.build/release/TableBenchmark

soak: release  ## workers under kills, outages and slow readers: make soak SOAK_FOR=60s
	$(SWIFT) build -c release --product soak $(SWIFT_BUILD_FLAGS)
	.build/release/soak --weir .build/release/weir --for $(SOAK_FOR) $(ARGS)

sanitize:  ## tests under ThreadSanitizer and AddressSanitizer, in builds of their own
	@scripts/bootstrap test
	@scripts/sanitize $(ARGS)

clean:  ## delete what builds left behind
	rm -rf .build Benchmarks/.build
