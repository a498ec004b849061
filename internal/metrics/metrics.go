// Package metrics holds the gateway's Prometheus metrics. Every label value
// comes from a fixed set that stands beside its metric; no address, name,
// subject or value of a message is ever a label. Names begin with postvern_.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics is the set of metrics. Its fields may be used by several goroutines.
// The values of labels stand where New makes them, or else here.
type Metrics struct {
	Messages   *prometheus.CounterVec   // verdict
	Rules      *prometheus.CounterVec   // rule (named in the policy file), action: note, encrypt, ask, hold, reject
	Hidden     prometheus.Counter       // mailboxes taken out of visible fields
	Findings   *prometheus.CounterVec   // kind: detect.Kinds
	Sealed     prometheus.Counter       // copies sealed
	Damaged    prometheus.Counter       // copies that could no longer be read
	Protected  *prometheus.CounterVec   // step; hold: no step could be opened
	Codes      *prometheus.CounterVec   // result of text messages with codes
	Attempts   *prometheus.CounterVec   // result
	Deliveries *prometheus.CounterVec   // upstream (named in the configuration), result: as Attempts
	Failovers  *prometheus.CounterVec   // upstream: the one that was asked instead
	Exchanges  *prometheus.HistogramVec // upstream
	Steps      *prometheus.HistogramVec // step
	Sessions   *prometheus.GaugeVec     // listener
	Logins     *prometheus.CounterVec   // result
	Refused    *prometheus.CounterVec   // reason
	Reloads    *prometheus.CounterVec   // result
	Unusual    *prometheus.CounterVec   // likeness
	Questions  *prometheus.CounterVec   // result
	LookUps    *prometheus.CounterVec   // result
	Refreshes  *prometheus.CounterVec   // result
	PolicyTime prometheus.Gauge         // when the policy in force was loaded, Unix seconds
	PolicyInfo *prometheus.GaugeVec     // hash: the first 12 hex digits of the policy file's SHA-256; value 1
}

// New makes the metrics and registers them with reg. Where a label's values
// follow its name, their series stand at 0 from the start: an increase would
// miss the first event of a series that begins with it. Those of rules, which
// the policy file names, of kinds and of upstreams begin later.
func New(reg prometheus.Registerer) *Metrics {
	in := registry{promauto.With(reg)}
	return &Metrics{
		Messages:   in.counters("messages_total", "Messages by the strictest verdict of their copies.", "verdict", "pass", "seal", "hold", "reject", "error"),
		Rules:      in.NewCounterVec(prometheus.CounterOpts{Name: "postvern_rules_fired_total", Help: "Rules of the policy that matched a message."}, []string{"rule", "action"}),
		Hidden:     in.NewCounter(prometheus.CounterOpts{Name: "postvern_recipients_hidden_total", Help: "Mailboxes taken out of fields that readers see."}),
		Findings:   in.counters("findings_total", "Findings of personal data by kind.", "kind"),
		Sealed:     in.NewCounter(prometheus.CounterOpts{Name: "postvern_copies_sealed_total", Help: "Copies encrypted to their reader."}),
		Damaged:    in.NewCounter(prometheus.CounterOpts{Name: "postvern_copies_damaged_total", Help: "Copies that were held since the spool could not read them any more."}),
		Protected:  in.counters("protection_steps_total", "Copies by the step of the ladder that protects them; hold: no step could be opened by the reader.", "step", "openpgp", "smime", "document", "archive", "tls", "hold"),
		Codes:      in.counters("code_messages_total", "Attempts to send a code as a text message by result.", "result", "sent", "deferred", "failed"),
		Attempts:   in.counters("upstream_attempts_total", "Attempts to deliver a copy upstream by result.", "result", attempted()...),
		Deliveries: in.NewCounterVec(prometheus.CounterOpts{Name: "postvern_upstream_copies_total", Help: "Copies that an upstream was offered, by what came of it in the end of the attempt."}, []string{"upstream", "result"}),
		Failovers:  in.counters("upstream_failovers_total", "Copies that were offered to this upstream because one before it did not take them.", "upstream"),
		Exchanges:  in.seconds("upstream_seconds", "Time of a transaction with an upstream, from MAIL to its last answer.", prometheus.ExponentialBuckets(0.001, 4, 9), "upstream"),
		Steps:      in.seconds("step_seconds", "Time that each step of a submission took.", prometheus.ExponentialBuckets(0.00005, 4, 10), "step", "read", "extract", "detect", "decide", "prepare", "accept"),
		Sessions:   in.gauges("sessions", "Open SMTP sessions by kind of listener.", "listener", "starttls", "implicit", "trust"),
		Logins:     in.counters("logins_total", "Logins by result.", "result", "ok", "denied", "limited", "error"),
		Refused:    in.counters("refused_total", "Commands and messages refused before a decision, by reason.", "reason", "smuggling", "size", "relay", "sender", "login", "limit", "line", "loop", "memory", "certificate"),
		Reloads:    in.counters("reloads_total", "Reloads of the policy and its files by result.", "result", "ok", "error"),
		Unusual:    in.counters("unusual_recipients_total", "Recipients who were probably not meant, by what spoke for it.", "likeness", "letters", "typo", "domain", "elsewhere", "name", "outsider"),
		Questions:  in.counters("questions_total", "Questions to senders about held mail, and what came of them.", "result", "asked", "yes", "no", "code", "key", "withdraw", "unclear", "refused", "reminded", "unanswered"),
		LookUps:    in.counters("lookups_total", "Readers whose keys servers outside were asked for, by what they answered.", "result", "found", "none", "failed"),
		Refreshes:  in.counters("key_refreshes_total", "Servers that were asked again about keys that they gave, by what they answered.", "result", "same", "changed", "revoked", "none", "failed"),
		PolicyTime: in.NewGauge(prometheus.GaugeOpts{Name: "postvern_policy_loaded_timestamp_seconds", Help: "When the policy in force was loaded."}),
		PolicyInfo: in.gauges("policy_info", "The hash of the policy in force; the value is always 1.", "hash"),
	}
}

// attempted are the results of an attempt to deliver.
func attempted() []string { return []string{"delivered", "deferred", "failed"} }

// BeginUpstream makes the series of an upstream.
func (m *Metrics) BeginUpstream(name string) {
	for _, result := range attempted() {
		m.Deliveries.WithLabelValues(name, result)
	}
	m.Failovers.WithLabelValues(name)
	m.Exchanges.WithLabelValues(name)
}

// registry makes metrics with one label, and the series of those of its values
// that are known.
type registry struct{ promauto.Factory }

func (r registry) counters(name, help, label string, values ...string) *prometheus.CounterVec {
	vec := r.NewCounterVec(prometheus.CounterOpts{Name: "postvern_" + name, Help: help}, []string{label})
	for _, v := range values {
		vec.WithLabelValues(v)
	}
	return vec
}

func (r registry) gauges(name, help, label string, values ...string) *prometheus.GaugeVec {
	vec := r.NewGaugeVec(prometheus.GaugeOpts{Name: "postvern_" + name, Help: help}, []string{label})
	for _, v := range values {
		vec.WithLabelValues(v)
	}
	return vec
}

func (r registry) seconds(name, help string, buckets []float64, label string, values ...string) *prometheus.HistogramVec {
	vec := r.NewHistogramVec(prometheus.HistogramOpts{Name: "postvern_" + name, Help: help, Buckets: buckets}, []string{label})
	for _, v := range values {
		vec.WithLabelValues(v)
	}
	return vec
}
