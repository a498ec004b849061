package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"postvern.example/internal/roster"
)

type representativesCommand struct {
	Password passwordCommand `cmd:"" help:"Read a password from standard input and print its hash for representatives.yaml."`
}

type passwordCommand struct{}

// Run reads one line and prints its argon2id hash.
func (passwordCommand) Run(s streams) error {
	line, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the password: %w", err)
	}
	password := strings.TrimRight(line, "\r\n")
	if password == "" {
		return usageError{errors.New("give the password on standard input, in one line: nothing came")}
	}
	hash, err := roster.HashPassword(password)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, hash)
	return err
}
