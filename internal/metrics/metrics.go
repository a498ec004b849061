// Package metrics holds the gateway's Prometheus metrics. Every label value
// comes from a fixed set that stands beside its metric; no address, name,
// subject or value of a message is ever a label. Names begin with postvern_.
package metrics

import "github.com/prometheus/client_golang/prometheus"

// Metrics is the set of metrics. Its fields may be used by several goroutines.
type Metrics struct {
	Messages   *prometheus.CounterVec   // verdict: pass, seal, hold, reject, error
	Rules      *prometheus.CounterVec   // rule (named in the policy file), action: note, encrypt, ask, hold, reject
	Hidden     prometheus.Counter       // mailboxes taken out of visible fields
	Findings   *prometheus.CounterVec   // kind: detect.Kinds
	Sealed     prometheus.Counter       // copies sealed
	Protected  *prometheus.CounterVec   // step: openpgp, smime, document, archive, tls, hold (no step could be opened)
	Codes      *prometheus.CounterVec   // result of text messages with codes: sent, deferred, failed
	Attempts   *prometheus.CounterVec   // result: delivered, deferred, failed
	Deliveries *prometheus.CounterVec   // upstream (named in the configuration), result: as Attempts
	Failovers  *prometheus.CounterVec   // upstream: the one that was asked instead
	Exchanges  *prometheus.HistogramVec // upstream
	Steps      *prometheus.HistogramVec // step: read, extract, detect, decide, prepare, accept
	Sessions   *prometheus.GaugeVec     // listener: starttls, implicit, trust
	Logins     *prometheus.CounterVec   // result: ok, denied, limited, error
	Refused    *prometheus.CounterVec   // reason: smuggling, size, relay, sender, login, limit, line, loop, memory, certificate
	Reloads    *prometheus.CounterVec   // result: ok, error
	Unusual    *prometheus.CounterVec   // likeness: letters, typo, domain, elsewhere, name, outsider
	Questions  *prometheus.CounterVec   // result: asked, yes, no, code, key, withdraw, unclear, refused, reminded, unanswered
	LookUps    *prometheus.CounterVec   // result: found, none, failed
	Refreshes  *prometheus.CounterVec   // result: same, changed, revoked, none, failed
	PolicyTime prometheus.Gauge         // when the policy in force was loaded, Unix seconds
	PolicyInfo *prometheus.GaugeVec     // hash: the first 12 hex digits of the policy file's SHA-256; value 1
}

// New makes the metrics and registers them with reg. The series that
// alerts are made of stand at 0 from the start: an increase would miss the
// first event of a series that begins with it.
func New(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		Messages:   counters("messages_total", "Messages by the strictest verdict of their copies.", "verdict"),
		Rules:      counters("rules_fired_total", "Rules of the policy that matched a message.", "rule", "action"),
		Hidden:     prometheus.NewCounter(prometheus.CounterOpts{Name: "postvern_recipients_hidden_total", Help: "Mailboxes taken out of fields that readers see."}),
		Findings:   counters("findings_total", "Findings of personal data by kind.", "kind"),
		Sealed:     prometheus.NewCounter(prometheus.CounterOpts{Name: "postvern_copies_sealed_total", Help: "Copies encrypted to their reader."}),
		Protected:  counters("protection_steps_total", "Copies by the step of the ladder that protects them; hold: no step could be opened by the reader.", "step"),
		Codes:      counters("code_messages_total", "Attempts to send a code as a text message by result.", "result"),
		Attempts:   counters("upstream_attempts_total", "Attempts to deliver a copy upstream by result.", "result"),
		Deliveries: counters("upstream_copies_total", "Copies that an upstream was offered, by what came of it in the end of the attempt.", "upstream", "result"),
		Failovers:  counters("upstream_failovers_total", "Copies that were offered to this upstream because one before it did not take them.", "upstream"),
		Exchanges:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postvern_upstream_seconds", Help: "Time of a transaction with an upstream, from MAIL to its last answer.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9)}, []string{"upstream"}),
		Steps:      prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postvern_step_seconds", Help: "Time that each step of a submission took.", Buckets: prometheus.ExponentialBuckets(0.00005, 4, 10)}, []string{"step"}),
		Sessions:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "postvern_sessions", Help: "Open SMTP sessions by kind of listener."}, []string{"listener"}),
		Logins:     counters("logins_total", "Logins by result.", "result"),
		Refused:    counters("refused_total", "Commands and messages refused before a decision, by reason.", "reason"),
		Reloads:    counters("reloads_total", "Reloads of the policy and its files by result.", "result"),
		Unusual:    counters("unusual_recipients_total", "Recipients who were probably not meant, by what spoke for it.", "likeness"),
		Questions:  counters("questions_total", "Questions to senders about held mail, and what came of them.", "result"),
		LookUps:    counters("lookups_total", "Readers whose keys servers outside were asked for, by what they answered.", "result"),
		Refreshes:  counters("key_refreshes_total", "Servers that were asked again about keys that they gave, by what they answered.", "result"),
		PolicyTime: prometheus.NewGauge(prometheus.GaugeOpts{Name: "postvern_policy_loaded_timestamp_seconds", Help: "When the policy in force was loaded."}),
		PolicyInfo: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "postvern_policy_info", Help: "The hash of the policy in force; the value is always 1."}, []string{"hash"}),
	}
	reg.MustRegister(m.Messages, m.Rules, m.Hidden, m.Findings, m.Sealed, m.Protected, m.Codes, m.Attempts, m.Deliveries, m.Failovers, m.Exchanges, m.Steps,
		m.Sessions, m.Logins, m.Refused, m.Reloads, m.Unusual, m.Questions, m.LookUps, m.Refreshes, m.PolicyTime, m.PolicyInfo)
	m.begin()
	return m
}

// begin makes the series of the few fixed label values. Those of rules, which
// the policy file names, and of kinds begin when they first match.
func (m *Metrics) begin() {
	for vec, values := range map[*prometheus.CounterVec][]string{
		m.Messages:  {"pass", "seal", "hold", "reject", "error"},
		m.Attempts:  {"delivered", "deferred", "failed"},
		m.Protected: {"openpgp", "smime", "document", "archive", "tls", "hold"},
		m.Codes:     {"sent", "deferred", "failed"},
		m.Logins:    {"ok", "denied", "limited", "error"},
		m.Refused:   {"smuggling", "size", "relay", "sender", "login", "limit", "line", "loop", "memory", "certificate"},
		m.Reloads:   {"ok", "error"},

		m.Unusual:   {"letters", "typo", "domain", "elsewhere", "name", "outsider"},
		m.LookUps:   {"found", "none", "failed"},
		m.Refreshes: {"same", "changed", "revoked", "none", "failed"},
		m.Questions: {"asked", "yes", "no", "code", "key", "withdraw", "unclear", "refused", "reminded", "unanswered"},
	} {
		for _, v := range values {
			vec.WithLabelValues(v)
		}
	}
	for _, step := range []string{"read", "extract", "detect", "decide", "prepare", "accept"} {
		m.Steps.WithLabelValues(step)
	}
	for _, listener := range []string{"starttls", "implicit", "trust"} {
		m.Sessions.WithLabelValues(listener)
	}
}

// BeginUpstream makes the series of an upstream.
func (m *Metrics) BeginUpstream(name string) {
	for _, result := range []string{"delivered", "deferred", "failed"} {
		m.Deliveries.WithLabelValues(name, result)
	}
	m.Failovers.WithLabelValues(name)
	m.Exchanges.WithLabelValues(name)
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postvern_" + name, Help: help}, labels)
}
