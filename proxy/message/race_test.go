//go:build race

package message

// patience is how many times longer a test may take than its bound says.
const patience = 20
