# Everything that a contributor types. `make help` lists it.

SHELL       := /bin/bash
BIN         := $(CURDIR)/bin
LINT        := $(BIN)/golangci-lint
LINT_V      := v2.15.0
PACKAGES    ?= ./...
FUZZTIME    ?= 20s
RELEASE     := $(shell git describe --tags --dirty 2>/dev/null)
LDFLAGS     := -s -w $(if $(RELEASE),-X main.release=$(RELEASE))

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/postvern
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/postvern ./cmd/postvern

.PHONY: demo
demo: build ## see what the gateway does with six sample mails, then try it yourself
	@$(BIN)/postvern demo

.PHONY: test
test: deps ## install what the tests need, then run all of them, shuffled and with the race detector
	CGO_ENABLED=1 go test -race -shuffle=on -timeout 60m $(PACKAGES)
	go test -run 'TestNoFileCostsMoreThanItWeighs|TestAWorkerThatHasGrownIsReplaced' ./proxy/extract

.PHONY: check
check: lint generated test ## what CI runs: lint, generated files unchanged, tests

.PHONY: lint
lint: $(LINT)-$(LINT_V) ## format and lint
	@test -z "$$(git ls-files '*.go' | xargs gofmt -l)" || { echo "not formatted:"; git ls-files '*.go' | xargs gofmt -l; exit 1; }
	$(LINT)-$(LINT_V) run

$(LINT)-$(LINT_V):
	@echo "Installing golangci-lint $(LINT_V) into bin/"
	@mkdir -p $(BIN)
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_V)
	@mv $(LINT) $@

.PHONY: generate
generate: ## write generated files anew
	go generate ./...

.PHONY: generated
generated: ## generated files and go.mod are as the source makes them
	@before="$$(git status --porcelain; git diff)"; go generate ./... && go mod tidy && \
	after="$$(git status --porcelain; git diff)"; \
	test "$$before" = "$$after" || { echo "Generated files were out of date: commit what make generate and go mod tidy wrote."; git status --short; exit 1; }

.PHONY: deps
deps: ## install the Debian packages that the tests need and that are missing
	@test/deps.sh

.PHONY: bench
bench: build ## messages a second end to end, MB/s of each detector, memory, starts, and what a full spool or roster costs
	go test -run '^$$' -bench . -benchtime 1s ./policy/detect ./proxy/message ./proxy/extract ./proxy/seal
	go test -run '^$$' -bench Roster -benchtime 2000x ./internal/roster
	go test -run '^$$' -bench Import -benchtime 1x ./internal/roster
	go test -run '^$$' -bench 'Submit|Flat' -benchtime 2s ./proxy
	go test -run '^$$' -bench EndToEnd -benchtime 3s -timeout 30m ./test
	go test -run '^$$' -bench 'IdleSessions|LargeMail|ColdStart|SpoolSize' -benchtime 3x -timeout 30m ./test

.PHONY: bench-peers
bench-peers: deps ## messages a second, CPU, memory and latency beside a bare Postfix, in turn on this machine, with the bars
	go test -run '^$$' -bench Peers -benchtime 5x -timeout 30m ./test

.PHONY: torture
torture: deps ## kill, fill, cut and confuse running gateways: the table of docs/reliability.md (half an hour)
	POSTVERN_TORTURE=1 go test ./test/torture -run TestTorture -v -count 1 -timeout 90m

.PHONY: audit
audit: deps ## search every copy of the whole corpus for members, four times: leaks: 0 (ten minutes)
	POSTVERN_AUDIT=whole go test ./test -run 'NoCopyOfTheCorpus|OrdinaryMailOfTheCorpus|EveryPlantedTrace' -v -count 1 -timeout 60m

.PHONY: figures
figures: deps ## what a mail costs a node and PostgreSQL, for docs/scale.md
	POSTVERN_FIGURES=1 go test ./test/torture -run TestFigures -v -count 1 -timeout 20m

.PHONY: scale
scale: ## simulate Monday at nine, from a branch to a federation: the table of docs/scale.md
	@go run ./test/scale

.PHONY: eval
eval: ## precision and recall on labelled sentences and on documents that real programs write; what times of logins tell
	@test/deps.sh eval
	go test ./policy/detect -run 'TestEvaluation|TestOrdinary' -v
	POSTVERN_EVAL=1 go test ./proxy/extract -run 'TestEvaluation|TestAPasswordOfTheMessage' -v -timeout 20m
	POSTVERN_EVAL=1 go test ./test -run TestEvaluation -v -timeout 20m

.PHONY: interop
interop: deps ## let readers' programs open what is sealed to keys of every kind, and documents: the tables of docs/interoperability.md
	@test/peers.sh $(BIN)/peers
	POSTVERN_PEERS=$(BIN)/peers go test ./proxy/seal -run TestReadersProgramsOpenWhatIsSealed -interop -v

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME
	@for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$p || exit 1; done; done

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN)
