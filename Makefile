# Magpie: `make run` builds and starts it, `make test` builds and tests it. `make help` lists the rest.
SWIFT ?= swift
.DEFAULT_GOAL := help
.PHONY: help run build test release lint e2e neighbours torture fuzz sanitize bench micro bench-tool client openapi embedding docs pictures libraries browser nginx clean

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, then serve the demo with the embedded sandbox at http://127.0.0.1:8080/
	@exec .build/debug/magpie serve

build: libraries ## build for development, into .build/debug/magpie
	$(SWIFT) build

test: libraries ## build and run every test that needs no browser
	$(SWIFT) test

release: libraries ## build for production: one stripped file, .build/release/magpie, without Swift's shared libraries
	$(SWIFT) build -c release --product magpie -Xswiftc -static-stdlib
	strip .build/release/magpie
	@ls -lh .build/release/magpie

e2e: libraries browser ## the client script and the demo in headless Chromium, as each of WeChat's clients
	MAGPIE_E2E=1 $(SWIFT) test --filter EndToEndTests

pictures: libraries browser ## renews the pictures of the READMEs, docs/*.png
	MAGPIE_E2E=1 MAGPIE_SCREENSHOTS=docs $(SWIFT) test --filter EndToEndTests.PictureTests

neighbours: libraries ## beside nginx, Caddy, Node, Python, PHP, Go, promtool and systemd, as Debian has them
	@.ci/install /usr/sbin/nginx nginx-light /usr/bin/caddy caddy /usr/bin/node nodejs /usr/bin/python3 python3 \
	    /usr/bin/php php-cli /usr/bin/go golang-go /usr/bin/promtool prometheus /usr/bin/systemd-analyze systemd \
	    /usr/sbin/logrotate logrotate
	MAGPIE_NEIGHBOURS=1 $(SWIFT) test --filter NeighbourTests

torture: libraries nginx ## attacks, floods, kills and faults in quantity (MAGPIE_SEED=n repeats a run; SIZE=short for a quick one)
	MAGPIE_TORTURE=$(or $(SIZE),long) $(SWIFT) test --filter TortureTests

fuzz: libraries ## libFuzzer under AddressSanitizer against every parser (TIME=s each, default 60; TARGET=Requests for one)
	.ci/fuzz $(or $(TIME),60) $(TARGET)

sanitize: libraries ## the tests under Thread and Address Sanitizer (KIND=thread or KIND=address for one of them)
	@for kind in $(or $(KIND),thread address); do .ci/sanitize $$kind || exit 1; done

bench: bench-tool ## Magpie beside nginx on this machine: see Benchmarks/README.md (ROWS="sign auth" SECONDS=2 ROUNDS=1 for a part)
	@.ci/install /usr/bin/python3 python3 /usr/bin/wrk wrk /usr/sbin/nginx nginx-light /usr/bin/openssl openssl \
	    /usr/bin/strace strace $(if $(filter bare,$(ROWS)),/usr/sbin/debootstrap debootstrap)
	@Benchmarks/run $(if $(SECONDS),--seconds $(SECONDS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	    $(if $(SESSIONS),--sessions $(SESSIONS)) $(if $(URLS),--urls $(URLS)) $(ROWS)

micro: bench-tool ## instructions per request, compared with Benchmarks/micro.json
	@.ci/install /usr/bin/python3 python3 /usr/bin/valgrind valgrind
	@Benchmarks/micro

client: ## after a change of Public/wechat-jssdk.js: remake the module and the minified copy, and test them and the types
	@.ci/install /usr/bin/python3 python3
	@command -v tsc >/dev/null || .ci/install /usr/bin/node nodejs /usr/bin/tsc node-typescript
	.ci/client-module
	@node --test Tests/ClientTests/*.test.mjs
	@cd Tests/ClientTests && MAGPIE_CLIENT=wechat-jssdk.min.js node --test calls.test.mjs debug.test.mjs signing.test.mjs verdict.test.mjs

openapi: build ## a running Magpie against docs/openapi.yaml, by Schemathesis (from PyPI, into .build/openapi)
	@.ci/install /usr/bin/python3 python3
	@python3 -c 'import ensurepip' 2>/dev/null || .ci/install /usr/share/doc/python3-venv python3-venv
	@.ci/openapi

embedding: build ## the example of a Swift program that embeds WeChat and Store, against the sandbox
	$(SWIFT) build --package-path Examples/embedding --scratch-path .build/embedding
	@.ci/install /usr/bin/python3 python3 /usr/bin/curl curl
	@.ci/docs Examples/embedding/README.md

docs: build ## runs every command of README*.md and docs/, in a network of its own
	@.ci/install /usr/bin/python3 python3 /usr/bin/curl curl /usr/bin/node nodejs /usr/bin/unshare util-linux
	@.ci/docs

lint: ## formatting rules (.swift-format); `swift format -i -r Sources Tests Benchmarks` mends most findings
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Examples

bench-tool: release
	@$(SWIFT) build -c release --product bench-tool -Xswiftc -static-stdlib

libraries:
	@.ci/install /usr/include/openssl/ssl.h libssl-dev /usr/include/sqlite3.h libsqlite3-dev

browser:
	@.ci/install /usr/bin/chromium chromium /usr/bin/chromedriver chromium-driver \
	    /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk

nginx:
	@.ci/install /usr/sbin/nginx nginx-light

clean: ## remove everything that was built
	rm -rf .build
