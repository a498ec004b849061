package relay

import (
	"errors"

	"postvern.example/proxy/spool"
)

// errDamaged says that a copy can no longer be read.
var errDamaged = errors.New("the mail can no longer be read where it was kept")

// Damaged returns the reports to the senders of copies that can no longer be
// read, for those of whom the spool still knows.
func (r *Relay) Damaged(d spool.Delivery) ([]spool.Parcel, error) {
	d.Head, d.Content = nil, nil // what they hold is not what was accepted
	v := verdict{result: spool.Failed, why: errDamaged, reply: reply{status: "5.3.0"}}
	var reports []spool.Parcel
	for _, c := range d.Copies {
		r.cfg.Metrics.Damaged.Inc()
		if c.Class != spool.Mail || !wants(c, "FAILURE") || !validPath(c.Sender) {
			continue
		}
		p, err := r.report(d, c, aboutFailed, v, spool.Outcome{Copy: c.ID, Result: spool.Failed}, r.cfg.Now())
		if err != nil {
			return nil, err
		}
		reports = append(reports, p)
	}
	return reports, nil
}
