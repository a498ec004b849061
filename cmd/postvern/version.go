package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the linker: -X main.release=1.2.3.
var release string

type versionCommand struct{}

// Run prints the release, the Go release and the platform.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintf(s.out, "postvern %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version returns the release, or what the build knows of its source.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "development-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "development"
}
