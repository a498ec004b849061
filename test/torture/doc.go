// Package torture does to a running gateway what an unlucky year does, and
// counts: every mail that was acknowledged has to arrive, and only that may
// arrive twice whose answer the upstream could not give. Its tests are short by
// themselves; make torture runs them in full and prints the table of
// docs/reliability.md.
package torture
