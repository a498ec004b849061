package deviation

import (
	"encoding/json"
	"time"

	"postvern.example/policy"
)

// exported is the format of a record for other programs. Its keys stay.
type exported struct {
	ID          string           `json:"id"`
	Reference   string           `json:"reference"`
	Date        time.Time        `json:"date"`
	Description string           `json:"description"`
	Reporter    string           `json:"reporter"`
	Type        policy.EntryType `json:"type"`
	Severity    policy.Severity  `json:"severity"`
	NearMiss    bool             `json:"near_miss"`
	Status      Status           `json:"status"`
	Measures    string           `json:"measures"`
	FollowUp    *time.Time       `json:"follow_up"`
	Rule        string           `json:"rule"`
	Action      policy.Action    `json:"action"`
	Kinds       []string         `json:"kinds"`
	Places      []string         `json:"places"`
	Count       int              `json:"count"`
	Comments    []Comment        `json:"comments"`
}

// MarshalJSON writes a record with every key, times in RFC 3339 and UTC, empty
// lists as [] and a missing follow-up as null.
func (r Record) MarshalJSON() ([]byte, error) {
	x := exported{
		ID: r.ID, Reference: r.Reference, Date: r.Date.UTC(), Description: r.Description, Reporter: r.Reporter,
		Type: r.Type, Severity: r.Severity, NearMiss: r.NearMiss, Status: r.Status, Measures: r.Measures,
		Rule: r.Rule, Action: r.Action, Kinds: filled(r.Kinds), Places: filled(r.Places), Count: r.Count,
		Comments: filled(r.Comments),
	}
	if !r.FollowUp.IsZero() {
		t := r.FollowUp.UTC()
		x.FollowUp = &t
	}
	return json.Marshal(x)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Record) UnmarshalJSON(text []byte) error {
	var x exported
	if err := json.Unmarshal(text, &x); err != nil {
		return err
	}
	*r = Record{
		ID: x.ID, Reference: x.Reference, Date: x.Date, Description: x.Description, Reporter: x.Reporter,
		Type: x.Type, Severity: x.Severity, NearMiss: x.NearMiss, Status: x.Status, Measures: x.Measures,
		Rule: x.Rule, Action: x.Action, Kinds: x.Kinds, Places: x.Places, Count: x.Count, Comments: x.Comments,
	}
	if x.FollowUp != nil {
		r.FollowUp = *x.FollowUp
	}
	return nil
}

func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
