package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"postvern.example/internal/roster"
	"postvern.example/policy"
	"postvern.example/policy/detect"
	"postvern.example/proxy"
	"postvern.example/proxy/seal"
	"postvern.example/proxy/seal/cms"
	"postvern.example/proxy/spool"
)

// LoadRules loads policy, representatives, members and keys as one. An error
// lists what is wrong in each of the files.
func LoadRules(c Config, keys [][]byte) (*proxy.Rules, error) { return beginRules(c).with(keys) }

// loading are rules of which what takes longest, and needs no key of ours, is
// read beside other work.
type loading struct {
	config Config
	rules  proxy.Rules
	beside sync.WaitGroup

	policyErr, scannerErr, keysErr error
}

// beginRules begins to load rules; with ends it.
func beginRules(c Config) *loading {
	l := &loading{config: c}
	l.beside.Go(func() {
		if l.rules.Policy, l.policyErr = LoadPolicy(c.Policy); l.rules.Policy == nil {
			return
		}
		if l.rules.Scanner, l.scannerErr = detect.NewScanner(l.rules.Policy.Detection()); l.scannerErr != nil {
			l.scannerErr = fmt.Errorf("load detectors: %w", l.scannerErr)
		}
	})
	l.beside.Go(func() { l.rules.Keys, l.keysErr = loadKeys(c.Keys) })
	return l
}

// with waits, and loads the rest, which files sealed under the keys may hold.
func (l *loading) with(keys [][]byte) (*proxy.Rules, error) {
	c := l.config
	representatives, representativesErr := loadRepresentatives(c.Representatives)
	members, membersErr := LoadMembers(c, keys)
	certificates, certificatesErr := LoadCertificates(c.SMIME)
	l.beside.Wait()
	r, policyErr, scannerErr, keysErr := l.rules, l.policyErr, l.scannerErr, l.keysErr
	r.Representatives, r.Members, r.Certificates = representatives, members, certificates
	if r.Policy != nil && membersErr == nil {
		r.Members = r.Members.Following(r.Policy.People.SameMailbox)
	}
	if !usesFolder(r.Policy) {
		r.Keys, keysErr = &seal.Keyring{}, nil
	}
	var phonesErr error
	r.Phones, phonesErr = loadPhones(c.Members, keys, r.Policy)
	faults := []error{policyErr, scannerErr, representativesErr, membersErr, phonesErr, keysErr, certificatesErr}
	for i, l := range c.Listen {
		for _, text := range l.Senders {
			if text == "<>" { // the null sender has no From to match
				continue
			}
			p, ok := policy.ParsePattern(text)
			if !ok {
				faults = append(faults, fmt.Errorf("listen[%d].senders: %q is neither an address nor a pattern such as *@forening.example", i, text))
			}
			r.Senders = append(r.Senders, p)
		}
	}
	return &r, errors.Join(faults...)
}

// The files below may be left out where a mail is only explained; LoadConfig
// sees to it that a gateway has them.

func loadRepresentatives(file string) (*roster.Representatives, error) {
	if file == "" {
		return &roster.Representatives{}, nil
	}
	return roster.LoadRepresentatives(file)
}

// loadPhones loads members' numbers where the policy may send codes to them.
func loadPhones(files []string, keys [][]byte, p *policy.Policy) (*roster.Phones, error) {
	if strings.Join(files, "") == "" || p == nil || !p.Asks(policy.StepDocument, policy.StepArchive) || !slices.Contains(p.Codes, policy.CodeSMS) {
		return nil, nil
	}
	return roster.LoadPhones(files, keys, p.Language, openExport)
}

// usesFolder reports whether the policy takes keys from the folder of keys.
func usesFolder(p *policy.Policy) bool {
	return p == nil || slices.Contains(p.KeySources, policy.SourceFolder)
}

func loadKeys(dir string) (*seal.Keyring, error) {
	if _, err := os.Stat(dir); dir == "" || errors.Is(err, fs.ErrNotExist) {
		return &seal.Keyring{}, nil // nobody has a key: what needs one is held or refused
	}
	ring, _, err := seal.LoadKeys(dir) // keys list shows what is wrong with keys that cannot be used
	return ring, err
}

// LoadCertificates reads readers' certificates for S/MIME, and the authorities
// that they have to come from where some are named. Without the folder nobody
// has one.
func LoadCertificates(c SMIMEConfig) (*seal.Certificates, error) {
	authorities, err := readCA(c.Authorities)
	if err != nil {
		return nil, fmt.Errorf("smime.authorities: %w", err)
	}
	cfg := seal.CertificateConfig{Folder: c.Certificates, Authorities: authorities, Cipher: cms.Cipher(c.Cipher), Revocations: c.Revocations}
	if _, err := os.Stat(c.Certificates); c.Certificates == "" || errors.Is(err, fs.ErrNotExist) {
		return seal.NoCertificates(cfg)
	}
	return seal.LoadCertificates(cfg)
}

// replaceFile puts a whole file in the place of another, durably.
func replaceFile(name string, content []byte) error {
	return writeFile(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// writeFile is replaceFile for a file that is never in memory whole.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if old, err := os.Stat(name); err == nil { // whoever could read it still can
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err = errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// LoadPolicy reads a policy file and the lexicon folder beside it.
func LoadPolicy(file string) (*policy.Policy, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	entries, err := os.ReadDir(lexiconFolder(file)) // in the order of their names
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read lexicon folder: %w", err)
	}
	var lexicons []policy.File
	for _, e := range entries {
		if e.IsDir() || !policy.IsLexicon(e.Name()) {
			continue
		}
		f := policy.File{Name: filepath.Join(lexiconFolder(file), e.Name())}
		if f.Content, err = os.ReadFile(f.Name); err != nil {
			return nil, fmt.Errorf("read lexicon: %w", err)
		}
		lexicons = append(lexicons, f)
	}
	return policy.Load(file, src, lexicons...)
}

func lexiconFolder(policyFile string) string {
	return filepath.Join(filepath.Dir(policyFile), policy.LexiconFolder)
}

// announce puts the rules in force into the metrics and the log.
func (a *App) announce(r *proxy.Rules) {
	a.metrics.PolicyTime.Set(float64(a.opt.Now().Unix()))
	a.metrics.PolicyInfo.Reset()
	a.metrics.PolicyInfo.WithLabelValues(short(r.Policy.Hash)).Set(1)
	if _, err := os.Stat(a.opt.Config.Keys); errors.Is(err, fs.ErrNotExist) {
		a.opt.Logger.Warn("missing", "what", "the folder of keys", "cause", err)
	}
	a.opt.Logger.Info("loaded", "policy", short(r.Policy.Hash), "mode", string(r.Policy.Mode),
		"rules", len(r.Policy.Rules), "members", r.Members.Len(), "groups", len(r.Members.Groups()), "representatives", r.Representatives.Len())
	a.warnStale(r.Members)
}

// Reload loads all rules anew and follows them from the next message on. On
// an error the rules in force stay.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	notifyReloading()
	defer notifySystemd(daemon.SdNotifyReady)
	if a.acme != nil {
		a.acme.Again()
	}
	err := func() error {
		keys, err := spool.LoadKeys(context.Background(), a.opt.Config.Data, a.opt.Config.Store)
		if err != nil {
			return fmt.Errorf("load installation key: %w", err)
		}
		r, err := LoadRules(a.opt.Config, keys)
		if err != nil {
			return err
		}
		if err := a.compare(a.gateway.Rules().Members.Size(), r.Members); err != nil {
			return err
		}
		if err := a.signing(context.Background(), r.Policy); err != nil {
			return err
		}
		a.gateway.Follow(r)
		a.announce(r)
		a.remember(r.Members)
		giveBack(r.Members)
		return nil
	}()
	if err != nil {
		a.metrics.Reloads.WithLabelValues("error").Inc()
		a.opt.Logger.Error("kept", "what", "the rules in force", "cause", err)
		return err
	}
	a.metrics.Reloads.WithLabelValues("ok").Inc()
	return nil
}

// watch reloads when one of the files has changed and has then been left
// alone for one look, so that a file is not read while it is being written.
func (a *App) watch(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	seen, pending := a.watched, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := a.fingerprints()
		changed := !same(seen, now)
		seen = now
		if changed {
			pending = true
			continue
		}
		if pending {
			pending = false
			_ = a.Reload()
		}
	}
}

// fingerprint tells whether a file is as it was.
type fingerprint struct {
	size    int64
	changed time.Time
}

func (a *App) fingerprints() map[string]fingerprint {
	c := a.opt.Config
	out := map[string]fingerprint{}
	roots := append([]string{c.Policy, lexiconFolder(c.Policy), c.Representatives, c.Keys, c.SMIME.Certificates, c.SMIME.Authorities, c.SMIME.Revocations, filepath.Join(c.Data, confirmedFile), filepath.Join(c.Data, spool.KeyFile)}, c.Members...)
	for _, file := range c.Members {
		roots = append(roots, roster.PhonesFile(file))
	}
	for _, root := range roots {
		if root == "" {
			continue
		}
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil //nolint:nilerr // a file that is not there is a difference, not a fault
			}
			if info, err := os.Stat(path); err == nil {
				out[path] = fingerprint{size: info.Size(), changed: info.ModTime()}
			}
			return nil
		})
	}
	return out
}

func same(a, b map[string]fingerprint) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

func short(hash string) string { return hash[:min(12, len(hash))] }

func readSecret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", wrongFile{fmt.Errorf("read secret: %w", err)}
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func readCA(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, wrongFile{fmt.Errorf("read authorities: %w", err)}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, wrongFile{fmt.Errorf("%s: holds no certificate in PEM form", file)}
	}
	return pool, nil
}
