// Package configs holds the files that users copy and edit, and the demo's
// mails, so that the one binary can show them.
package configs

import "embed"

// Files are the example configuration and the demo's mails.
//
//go:embed postvern.yaml policy.yaml representatives.yaml members.csv demo
var Files embed.FS
