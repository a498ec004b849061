package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc (USER_HZ).
const tick = 10 * time.Millisecond

// processTime returns the CPU time of a process and all below it, those that
// have ended included.
func processTime(pid int) (all time.Duration) {
	for _, p := range family(pid) {
		fields := processFields(p)
		for _, i := range []int{11, 12, 13, 14} { // utime, stime, and those of children that were waited for
			if len(fields) > i {
				n, _ := strconv.Atoi(fields[i])
				all += time.Duration(n) * tick
			}
		}
	}
	return all
}

// mostMemory runs f and returns the most memory, in MiB, that a process and all
// below it had meanwhile, shared pages counted once (PSS).
func mostMemory(pid int, f func()) float64 {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	most := int64(0)
	for {
		most = max(most, processMemory(pid))
		select {
		case <-done:
			return float64(max(most, processMemory(pid))) / (1 << 20)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// processMemory returns the PSS of a process and all below it.
func processMemory(pid int) (all int64) {
	for _, p := range family(pid) {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(rollup), "\nPss:")
		if words := strings.Fields(after); len(words) > 0 {
			n, _ := strconv.ParseInt(words[0], 10, 64)
			all += n << 10
		}
	}
	return all
}

// family returns a process and all below it.
func family(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		p, _ := strconv.Atoi(strings.Split(stat, "/")[2])
		if fields := processFields(p); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], p)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// processFields returns what stands behind the name in /proc/PID/stat: state,
// parent, ...
func processFields(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
}
