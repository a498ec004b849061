package main

import (
	"fmt"

	"postvern.example/internal/app"
	"postvern.example/internal/notice"
	"postvern.example/policy"
)

type policyCommand struct {
	Check policyCheckCommand `cmd:"" help:"Check a policy file and say in sentences what it does."`
}

type policyCheckCommand struct {
	File     string `arg:"" type:"path" help:"The policy file."`
	Language string `enum:"policy,da,nb,nn,sv,en" default:"policy" placeholder:"LANGUAGE" help:"The language of the sentences: policy (the policy's own), da, nb, nn, sv, en."`
	Config   string `type:"path" placeholder:"FILE" help:"postvern.yaml, to warn of steps whose codes this installation cannot send."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run prints what the policy does, or every fault with line and column.
func (c policyCheckCommand) Run(s streams) error {
	p, err := app.LoadPolicy(c.File)
	if err != nil {
		return usageError{err}
	}
	language := c.Language
	if language == "policy" {
		language = p.Language
	}
	texting := policy.TextingUnknown
	if c.Config != "" {
		config, err := app.LoadConfig(c.Config)
		if err != nil {
			return usageError{err}
		}
		texting = policy.TextingOff
		if config.SMS.URL != "" {
			texting = policy.TextingOn
		}
	}
	sentences, warnings := p.Sentences(language), append(p.Warnings(language), p.Codeless(language, texting)...)
	if c.JSON {
		return printJSON(s.out, map[string]any{
			"file": c.File, "hash": p.Hash, "mode": p.Mode, "sentences": list(sentences), "warnings": list(warnings),
		})
	}
	texts, err := notice.Load()
	if err != nil {
		return err
	}
	say := speaker{texts: texts, language: language}
	for _, line := range sentences {
		fmt.Fprintln(s.out, line)
	}
	for _, line := range warnings {
		fmt.Fprintln(s.out, say.say("warning", "text", line))
	}
	return nil
}
