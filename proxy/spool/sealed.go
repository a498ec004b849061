package spool

import (
	"context"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// box is a field of a row that is sealed under the installation's key.
type box struct {
	column string
	place  string
	body   bool // it is the key of a body
	sealed []byte
}

// sealedColumns lists the columns of a table that are sealed under the
// installation's key. What else is no text is a hash, or is sealed under a key
// of a body.
func sealedColumns(table string) []string {
	switch table {
	case "bodies":
		return []string{"key"}
	case "copies":
		return []string{"secret", "reply"}
	case "consents":
		return []string{"terms", "label"}
	case "deviations", "codes", "questions", "shared", organisationTable, keysTable, pinsTable:
		return []string{"secret"}
	case "meta":
		return []string{"value"}
	}
	return nil
}

// boxes returns the sealed fields of a row that are set.
func (t table) boxes(r values) []box {
	var all []box
	for _, column := range sealedColumns(t.Name) {
		sealed, _ := r[t.at(column)].([]byte)
		if place := t.place(column, r); sealed != nil && place != "" {
			all = append(all, box{column: column, place: place, body: t.Name == "bodies", sealed: sealed})
		}
	}
	return all
}

// place returns what a field of a row is bound to; empty where it is not sealed.
func (t table) place(column string, r values) string {
	value := func(name string) []byte { b, _ := r[t.at(name)].([]byte); return b }
	text := func(name string) string { s, _ := r[t.at(name)].(string); return s }
	switch t.Name + "." + column {
	case "bodies.key":
		id, _ := r[t.at("id")].(int64)
		return bodyPlace(id)
	case "copies.secret":
		return copyPlace(text("id"))
	case "copies.reply":
		return replyPlace(text("id"))
	case "deviations.secret":
		return recordPlace(text("id"))
	case "consents.terms":
		return termsPlace(text("id"))
	case "consents.label":
		return labelPlace(text("id"))
	case "codes.secret":
		return codePlace(value("reader"))
	case "questions.secret":
		return questionPlace(text("id"))
	case organisationTable + ".secret":
		generation, _ := r[t.at("generation")].(int64)
		return organisationPlace(generation)
	case "shared.secret":
		return sharedPlace(text("kind"), text("name"))
	case keysTable + ".secret", pinsTable + ".secret":
		return keyPlace(t.Name, value("reader"), value("print"))
	case "meta.value":
		if name := text("name"); slices.Contains(sealedMeta, name) {
			return "meta/value/" + name
		}
	}
	return ""
}

// sealedMeta are the entries of meta that are sealed.
var sealedMeta = []string{keyMeta, secretsMeta}

// opens decrypts what a row holds and throws it away.
func (v *vault) opens(ctx context.Context, c contents, t table, r values) error {
	for _, b := range t.boxes(r) {
		if b.body {
			return v.opensBody(ctx, c, t, r)
		}
		if _, err := v.open(b.place, b.sealed); err != nil {
			return err
		}
	}
	return nil
}

func (v *vault) opensBody(ctx context.Context, c contents, t table, r values) error {
	id, size := r[t.at("id")].(int64), r[t.at("size")].(int64)
	file, _ := r[t.at("file")].(string)
	sealed, _ := r[t.at("key")].([]byte)
	key, err := v.bodyKey(id, sealed)
	if err != nil {
		return err
	}
	if file == "" {
		small, _ := r[t.at("content")].([]byte)
		content, err := openBody(key, id, slices.Clone(small))
		if err == nil && int64(len(content)) != size {
			err = ErrDamaged
		}
		return err
	}
	body, err := c.large(ctx, id, file)
	if err != nil {
		return err
	}
	return errors.Join(copyStream(io.Discard, body, key, size), body.Close())
}

// reseal returns a field under the key that seals now; nil where it is so
// already. It returns ErrDamaged where no key opens it.
func (v *vault) reseal(b box) ([]byte, error) {
	now := v.ring.Load()
	use := func(s *sealer) cipher.AEAD {
		if b.body {
			return s.keys
		}
		return s.fields
	}
	if _, err := opened(use(now.seals), b.place, b.sealed); err == nil {
		return nil, nil
	}
	plain, err := v.try(b.place, b.sealed, use)
	if err != nil {
		return nil, err
	}
	return sealed(use(now.seals), b.place, plain), nil
}

// pageRows is how many rows a page has.
const pageRows = 200

// page reads the rows of a table that come after a key, in the order of the
// keys: those columns, of which the first are the key's. Between pages the table
// may change.
func page(ctx context.Context, db *sql.DB, t table, columns []string, after values) ([]values, error) {
	q := "SELECT " + strings.Join(columns, ", ") + " FROM " + t.Name
	if after != nil {
		q += " WHERE (" + strings.Join(t.Key, ", ") + ") > (" + places(1, len(t.Key)) + ")"
	}
	q += fmt.Sprintf(" ORDER BY %s LIMIT %d", strings.Join(t.Key, ", "), pageRows)
	rows, err := db.QueryContext(ctx, q, after...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.Name, err)
	}
	var all []values
	err = table{Name: t.Name, Columns: columns}.drain(rows, func(r values) error { all = append(all, r); return nil })
	return all, err
}

// places returns the placeholders of n arguments.
func places(first, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("$%d", first+i))
	}
	return strings.Join(all, ", ")
}
