//go:build !linux

package extract

import "os/exec"

func limitProcess() {}

func dataSize() uint64 { return 0 }

func limitData(uint64) {}

func limitChild(int, uint64, uint64) error { return nil }

func ownGroup(*exec.Cmd) {}

func endWithParent(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
