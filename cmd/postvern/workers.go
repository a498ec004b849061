package main

import (
	"os"

	"postvern.example/proxy/extract"
)

// workerCommand returns the command line of the child process that reads hostile
// formats.
func workerCommand() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, extract.WorkerArgument}
}
