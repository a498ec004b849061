//go:build race

package seal

// instrumented says how many times the memory is taken that the race
// detector's instrumentation adds.
const instrumented = 2
