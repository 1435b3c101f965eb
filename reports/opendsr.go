package reports

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/internal/verify"
)

// An openDSR is the status of a request as the OpenDSR framework has it, formerly
// OpenGDPR: the body of a status response (OpenDSR specification 1.0, section
// 8.3, github.com/opengdpr/OpenDSR). The headers of the response, which name the
// processor's domain and sign the body with the key of its certificate, are for
// whoever serves it; so is status_callback_url, which makes a callback of it
// (8.6). received_time, encoded_request and processor_signature belong to other
// responses (7.3, 9.2).
type openDSR struct {
	ControllerID string  `json:"controller_id"`
	Expected     string  `json:"expected_completion_time,omitempty"` // RFC 3339
	RequestID    string  `json:"subject_request_id"`
	Status       string  `json:"request_status"` // pending | in_progress | completed (section 8)
	APIVersion   string  `json:"api_version"`
	ResultsCount int     `json:"results_count"`
	Spoor        dsrMore `json:"spoor"`
}

// dsrMore is what a status says besides. The extensions of the framework are keyed
// by the domain of the processor (section 7.1.2), which a report does not know.
type dsrMore struct {
	Type         string               `json:"subject_request_type"`
	Submitted    string               `json:"submitted,omitempty"` // day
	Verification string               `json:"verification"`        // run
	Status       string               `json:"status"`              // of the run
	States       map[verify.State]int `json:"states"`
	New          int                  `json:"new"`
	Kept         int                  `json:"kept"`
	Remaining    int                  `json:"remaining"`
	GoneBy       *string              `json:"gone_by"`
}

// dsrTypes are the types of requests that the framework knows (section 6.2).
var dsrTypes = []string{"access", "portability", "erasure"}

// OpenDSRStatus writes the status of the requests of a verification as OpenDSR
// status responses: one object, or an array where there are several requests or
// none. A request for erasure is completed when nothing remains that was to be
// erased and all could be checked, in progress when something was erased, else
// pending; of others a verification can only say that they are pending. Requests
// of types that the framework lacks are left out.
func OpenDSRStatus(w io.Writer, v *verify.Verification) error {
	list := []openDSR{}
	for _, s := range v.Subjects {
		for _, q := range s.Requests {
			if slices.Contains(dsrTypes, q.Type) {
				list = append(list, dsrStatus(v, s, q))
			}
		}
	}
	var doc any = list
	if len(list) == 1 {
		doc = list[0]
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func dsrStatus(v *verify.Verification, s verify.Subject, q inventory.Request) openDSR {
	unchecked := s.States[verify.Unchecked]
	x := openDSR{
		ControllerID: v.Report.Controller, RequestID: q.ID, Status: "pending", APIVersion: "1.0",
		ResultsCount: s.Erased + s.Kept + s.Remaining + unchecked,
		Spoor: dsrMore{
			Type: q.Type, Submitted: q.Received, Verification: v.Run.ID, Status: v.Run.Status,
			States: s.States, New: s.New, Kept: s.Kept, Remaining: s.Remaining, GoneBy: s.GoneBy,
		},
	}
	expected := q.Due
	if q.Type == "erasure" {
		switch {
		case s.Remaining == 0 && unchecked == 0 && s.Searched && s.NotSearched == 0 && v.Run.Status == "complete":
			x.Status, expected = "completed", ""
			x.Expected = v.Run.Finished.UTC().Format(time.RFC3339)
		case s.Erased > 0:
			x.Status = "in_progress"
		}
		if x.Status != "completed" && s.GoneBy != nil {
			expected = max(expected, *s.GoneBy) // what backups keep is not erased before
		}
	}
	if t, err := time.Parse(time.DateOnly, expected); err == nil {
		x.Expected = t.Add(24*time.Hour - time.Second).Format(time.RFC3339) // the end of the day
	}
	return x
}
