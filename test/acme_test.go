package test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"postvern.example/internal/acme"
	"postvern.example/internal/sink"
	"postvern.example/proxy/login"
	"postvern.example/proxy/spool"
)

// withTLS returns the administrator's file with a tls section of its own.
func withTLS(upstream, tls, more string) string {
	return strings.Replace(withLogin(upstream, "{method: file}"), "login:", "tls: "+tls+"\n"+more+"login:", 1)
}

// shown returns the certificate that a listener shows.
func shown(t testing.TB, address string) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, ServerName: "mail.forening.example"}) //nolint:gosec // it is looked at
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0]
}

// orders configures a gateway that orders its certificate there.
func (p *pebble) orders(t testing.TB, more string) *installation {
	t.Helper()
	i := install(t, nil, sink.Config{})
	i.write("postvern.yaml", withTLS(i.upstream.Addr(), fmt.Sprintf("{acme: {directory: %q, ca: %q, terms: agreed, contact: it@forening.example%s}}", p.directory, p.ca, more), ""))
	return i
}

// issued waits for a certificate of the authority other than the one before.
func (p *pebble) issued(i *installation, before *x509.Certificate) *x509.Certificate {
	i.t.Helper()
	i.roots = x509.NewCertPool()
	i.roots.AppendCertsFromPEM([]byte(p.rootCA))
	var cert *x509.Certificate
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		cert = shown(i.t, i.implicit)
		if strings.Contains(cert.Issuer.CommonName, "Pebble") && (before == nil || !cert.Equal(before)) {
			return cert
		}
	}
	i.t.Fatalf("no new certificate from the authority: %s\n%s", cert.Issuer, i.log)
	return nil
}

func TestAnAuthorityIssuesTheCertificateAndRenewsIt(t *testing.T) {
	p := startPebble(t, 18, nil)
	for way, more := range map[string]string{
		"http-01": fmt.Sprintf(", http: \"127.0.0.1:%d\"", p.httpPort), "tls-alpn-01": fmt.Sprintf(", tls: \"127.0.0.1:%d\", names: [Mail.forening.example, smtp.forening.example]", p.tlsPort),
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			i := p.orders(t, more)
			i.start()
			first := p.issued(i, nil)
			if first.VerifyHostname("mail.forening.example") != nil || way == "tls-alpn-01" && first.VerifyHostname("smtp.forening.example") != nil {
				t.Errorf("the certificate is for %q", first.DNSNames)
			}
			if err := i.send("anna", "anna.holm@region.example", []string{"bo@mail.example"}, ordinaryMail); err != nil { // verifies the whole chain
				t.Fatal(err)
			}
			p.issued(i, first)
			if strings.Contains(i.log.String(), "no certificate") {
				t.Errorf("an order failed\n%s", i.log)
			}
		})
	}
}

func TestACertificateOfAnAuthorityIsSharedByNodesAndOutlastsAStart(t *testing.T) {
	url := postgresURL(t)
	p := startPebble(t, 3600, nil)
	var nodes [2]*installation
	for n := range nodes {
		nodes[n] = p.orders(t, fmt.Sprintf(", http: \"127.0.0.1:%d\"", []int{p.httpPort, freePort(t)}[n]))
		nodes[n].write("postvern.yaml", nodes[n].read("postvern.yaml")+"store: "+url+"\n")
		if n == 1 {
			key := nodes[0].read("data/installation.key")
			if err := os.MkdirAll(nodes[1].path("data"), 0o700); err != nil {
				t.Fatal(err)
			}
			nodes[1].write("data/installation.key", key)
		}
		nodes[n].start()
	}
	cert := p.issued(nodes[0], nil)
	if other := p.issued(nodes[1], nil); !other.Equal(cert) {
		t.Error("the nodes have different certificates")
	}
	if _, text := nodes[1].get("/metrics"); !strings.Contains(text, fmt.Sprintf("postvern_certificate_expiry_timestamp_seconds %v\n", float64(cert.NotAfter.Unix()))) {
		t.Errorf("the metric does not tell the end, %v\n%s", float64(cert.NotAfter.Unix()), text)
	}
	if err := nodes[0].stop(); err != nil {
		t.Fatal(err)
	}
	nodes[0].start()
	if again := shown(t, nodes[0].implicit); !again.Equal(cert) {
		t.Errorf("after a start the certificate is from %s", again.Issuer)
	}
	if nodes[0].log.has("self-signed") || nodes[1].log.has("no certificate") {
		t.Errorf("the nodes say\n%s\n%s", nodes[0].log, nodes[1].log)
	}
}

// TestAnyNodeAnswersForTheOneThatOrders has the authority ask a node that did
// not order, as a balancer may.
func TestAnyNodeAnswersForTheOneThatOrders(t *testing.T) {
	p := startPebble(t, 3600, nil)
	store, err := spool.Open(t.Context(), spool.Config{Dir: t.TempDir(), Key: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	ca, err := os.ReadFile(p.ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	node := func(name, domain string, http01, alpn bool) *acme.Certificate {
		return acme.New(acme.Config{
			Directory: p.directory, Names: []string{domain}, HTTP: http01, TLS: alpn, Client: login.Client(roots, 10*time.Second),
			Store: store, Node: name, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		})
	}
	for _, way := range []string{"http-01", "tls-alpn-01"} {
		t.Run(way, func(t *testing.T) {
			domain := way + ".forening.example" // a name that was proven is not proven again
			asked := node("asked", domain, true, true)
			server := &http.Server{Handler: asked, ReadHeaderTimeout: 5 * time.Second}
			port := p.httpPort
			if way != "http-01" {
				port = p.tlsPort
			}
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			if way != "http-01" {
				l = tls.NewListener(l, asked.Challenged(&tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: asked.Get}))
			}
			served := make(chan struct{})
			go func() { defer close(served); _ = server.Serve(l) }()
			t.Cleanup(func() { _ = server.Close(); <-served })

			orders := node("orders "+way, domain, way == "http-01", way != "http-01")
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- orders.Run(ctx) }()
			waitFor(t, "the certificate", func() bool { return orders.Leaf() != nil })
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := asked.Load(t.Context()); err != nil || asked.Leaf() == nil || !asked.Leaf().Equal(orders.Leaf()) {
				t.Errorf("the node that was asked has another: %v", err)
			}
		})
	}
}

func TestACertificateThatCannotBeHadIsSaidAndTheOrderCanBeRepeated(t *testing.T) {
	p := startPebble(t, 3600, nil)
	answering := freePort(t) // the authority asks at another port, where nothing answers yet
	i := p.orders(t, fmt.Sprintf(", http: \"127.0.0.1:%d\"", answering))
	i.start()
	waitFor(t, "the failure", func() bool { return i.log.has("no certificate") })
	line := i.log.lines("no certificate")[0]
	if cause := fmt.Sprint(line["cause"]); !strings.Contains(cause, "prove mail.forening.example by http-01") || !strings.Contains(fmt.Sprint(line["until"]), "self-signed") || line["retry"] == nil {
		t.Errorf("the log says %v", line)
	}
	if _, text := i.get("/metrics"); !strings.Contains(text, "postvern_certificate_expiry_timestamp_seconds 0\n") {
		t.Error("the metric does not say that there is none")
	}
	if cert := shown(t, i.implicit); cert.VerifyHostname("mail.forening.example") != nil {
		t.Errorf("meanwhile %v is shown", cert.DNSNames)
	}
	if err := i.send("anna", "anna.holm@region.example", []string{"bo@mail.example"}, ordinaryMail); err != nil { // who trusts data/tls/ca.pem goes on
		t.Fatal(err)
	}
	forward(t, fmt.Sprintf("127.0.0.1:%d", p.httpPort), fmt.Sprintf("127.0.0.1:%d", answering)) // somebody opens the port
	if err := i.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.issued(i, nil)
}

// forward passes connections on.
func forward(t testing.TB, from, to string) {
	t.Helper()
	l, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = in.Close() }()
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer func() { _ = out.Close() }()
				go func() { _, _ = io.Copy(out, in) }()
				_, _ = io.Copy(in, out)
			}()
		}
	}()
}

func TestAnAccountThatTheAuthorityGaveOutIsUsed(t *testing.T) {
	const secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
	p := startPebble(t, 3600, map[string]string{"kid-1": secret})
	i := p.orders(t, fmt.Sprintf(", http: \"127.0.0.1:%d\"", p.httpPort))
	i.start()
	waitFor(t, "the refusal", func() bool { return i.log.has("no certificate") })
	if cause := fmt.Sprint(i.log.lines("no certificate")[0]["cause"]); !strings.Contains(cause, "open the account") {
		t.Errorf("without an account the log says %s", cause)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	i.write("eab.key", secret+"\n")
	i.write("postvern.yaml", strings.Replace(i.read("postvern.yaml"), "terms: agreed", "terms: agreed, key-id: kid-1, key-file: eab.key", 1))
	i.start()
	p.issued(i, nil)
}

func TestWrongTLSSettingsAreNamedWithTheirPlace(t *testing.T) {
	const dir = `directory: "https://acme.example/dir"`
	const ways = `, terms: agreed, http: ":80"`
	for text, want := range map[string]string{
		`tls: {acme: {terms: agreed, http: ":80"}}`:                                                                                `2:13: tls.acme.directory: is missing`,
		`tls: {acme: {directory: "http://acme.example", terms: agreed, tls: ":1"}}`:                                                `2:25: tls.acme.directory: "http://acme.example" is no https:// address`,
		`tls: {acme: {` + dir + `, http: ":80"}}`:                                                                                  `tls.acme.terms: read the authority's terms of service and write terms: agreed`,
		`tls: {acme: {` + dir + `, terms: yes, http: ":80"}}`:                                                                      `tls.acme.terms: read the authority's terms`,
		`tls: {certificate: a.pem, key: a.key, acme: {` + dir + ways + `}}`:                                                        `tls.acme: the certificate comes from files or from an authority`,
		`tls: {acme: {` + dir + ways + `, names: [192.0.2.1]}}`:                                                                    `tls.acme.names: "192.0.2.1" is no name of a machine`,
		`tls: {acme: {` + dir + ways + `, names: ["*.forening.example"]}}`:                                                         `tls.acme.names: "*.forening.example" is no name`,
		`tls: {acme: {` + dir + ways + `, contact: it}}`:                                                                           `tls.acme.contact: "it" is no mail address`,
		`tls: {acme: {` + dir + ways + `, key-id: x}}`:                                                                             `tls.acme: key-id and key-file belong together`,
		`tls: {acme: {` + dir + `, terms: agreed}}`:                                                                                `tls.acme: no way for the authority to see whose name it is`,
		`tls: {acme: {` + dir + ways + `, http: "80"}}`:                                                                            `http`,
		`tls: {acme: {` + dir + ways + `, http-01: ":80"}}`:                                                                        `unknown key`,
		`tls: {certificate: a.pem}`:                                                                                                `2:6: tls: certificate and key belong together`,
		`listen: [{address: ":587", tls: starttls, client-ca: ca.pem}]`:                                                            `2:54: listen[0].client-ca: is for trust listeners`,
		`listen: [{address: ":25", tls: none, trust: ["192.0.2.0/24"], client-ca: ca.pem}]`:                                        `listen[0].client-ca: a certificate is shown in TLS only`,
		`listen: [{address: ":25", tls: starttls, trust: ["192.0.2.0/24"], client-names: [mail.example]}]`:                         `listen[0].client-ca: is missing`,
		`listen: [{address: ":25", tls: starttls, trust: ["192.0.2.0/24"], client-ca: ca.pem, client-names: ["*"]}]`:               `listen[0].client-names: "*" is no name`,
		`listen: [{address: "127.0.0.1:0", tls: starttls, trust: ["192.0.2.0/24"], client-ca: ca.pem, client-names: [a.example]}]`: `listen[0].client-ca: load client authorities: `,
	} {
		i := install(t, nil, sink.Config{})
		all := "hostname: mail.forening.example\n" + text + "\ndata: data\nupstream: {address: \"127.0.0.1:1\", tls: none}\n"
		if !strings.HasPrefix(text, "listen:") {
			all += "listen: [{address: \":587\", tls: starttls}]\n"
		}
		i.write("postvern.yaml", all)
		out, err := exec.Command(binary, "serve", "--config", i.path("postvern.yaml")).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s\nsays %s\nwant %s", text, out, want)
		}
	}
}
