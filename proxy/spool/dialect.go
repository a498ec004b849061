package spool

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"time"
)

//go:embed sql
var sqlFiles embed.FS

// dialect is what the databases do each in their own way.
type dialect struct {
	queries map[query]string
	alone   bool                                   // one process serves: no other takes its claims
	open    func(context.Context, *Store) error    // connects and migrates
	full    func(error) bool                       // the error says that there is no room
	pooled  func(error) bool                       // the error says that transactions stand on connections of others; nil where stale is
	stale   func(error) bool                       // the error says that another connection may do better; nil: none does
	greet   func(context.Context, *sql.Conn) error // makes ready a connection that writes
	// rest puts the database in order, after a second without a transaction. It
	// breaks off when the writer is wanted, and says whether it has done all.
	rest   func(ctx context.Context, w *writer, short bool) (done bool, err error)
	spare  func(context.Context, *Store, *sql.Conn) bool // makes room on a full disk; nil: none is kept
	serve  func(context.Context, *Store) error           // before this process claims anything
	listen func(context.Context, *Store)                 // until ctx ends: wakes Claim for others' copies

	// sparing runs what frees pages that nothing is to be overwritten of; nil:
	// deleting overwrites nothing.
	sparing func(ctx context.Context, w *writer, do func() error) error

	patience time.Duration // with one transaction; 0: as long as it takes
}

// dialectOf chooses the database by the store's URL.
func dialectOf(url string) (dialect, error) {
	switch {
	case url == "":
		return sqliteDialect()
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return postgresDialect()
	}
	return dialect{}, errors.New("the store's URL has to begin with postgres://")
}

// query names a statement in queries.sql.
type query string

// readQueries reads "-- name: ..." sections. The file is part of the program:
// one that cannot be read is an error at the first Open of any test.
func readQueries(name string) (map[query]string, error) {
	text, err := sqlFiles.ReadFile(path.Join("sql", name, "queries.sql"))
	if err != nil {
		return nil, fmt.Errorf("read the statements: %w", err)
	}
	queries := make(map[query]string)
	for section := range strings.SplitSeq("\n"+string(text), "\n-- name: ") {
		title, statement, _ := strings.Cut(section, "\n")
		if title = strings.TrimSpace(title); title != "" {
			queries[query(title)] = strings.TrimSpace(statement)
		}
	}
	return queries, nil
}

// readMigrations returns the scripts of a dialect in their order. The number
// of scripts that were run is the schema's version.
func readMigrations(name string) ([]string, error) {
	names, err := fs.Glob(sqlFiles, path.Join("sql", name, "0*.sql"))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	sort.Strings(names)
	var scripts []string
	for _, n := range names {
		text, err := sqlFiles.ReadFile(n)
		if err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		scripts = append(scripts, string(text))
	}
	return scripts, nil
}
