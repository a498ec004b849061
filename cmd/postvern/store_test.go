package main

import "testing"

func TestTheRegisterNamesWhoCalledSudo(t *testing.T) {
	t.Setenv("SUDO_USER", "kirsten")
	for by, want := range map[string]string{"": "kirsten", "dpo": "dpo"} {
		if got, err := whoami(by); err != nil || got != want {
			t.Errorf("--by %q is %q, %v", by, got, err)
		}
	}
	t.Setenv("SUDO_USER", "")
	if got, err := whoami(""); err != nil || got == "" || got == "kirsten" {
		t.Errorf("without sudo it is %q, %v", got, err)
	}
}
