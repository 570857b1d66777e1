package cli

import (
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/s3test"
)

// TestBadNetwork has commands meet a server that is well, over a network that is
// not. What only takes longer is not noticed; what breaks all connections is a
// plain error, and the command completes when the network is mended.
func TestBadNetwork(t *testing.T) {
	l := newLab(t)
	far, err := l.real.Proxied(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Stop()
	l.front, l.stall = &far.Server, 2*time.Second
	for _, name := range []string{"cp up", "cp down", "cp across", "cp up, in parts"} {
		d := deedNamed(t, name)
		ref := l.reference(d)
		for _, tt := range toxics() {
			t.Run(name+"/"+tt.toxic.Type+" "+tt.toxic.Stream, func(t *testing.T) {
				trial := d.begin(l)
				tt.toxic.Name, tt.toxic.Toxicity = "bad", 1
				if err := far.Add(t.Context(), tt.toxic); err != nil {
					t.Fatal(err)
				}
				o := l.dtool(trial.args...)
				if err := far.Remove(t.Context(), "bad"); err != nil {
					t.Fatal(err)
				}
				if tt.breaks {
					l.mustHaveFailedWell(t, ref, trial, o)
					trial.args = trial.again
					o = l.dtool(trial.args...)
				}
				l.mustBe(t, ref, trial, o)
			})
		}
	}
}

type toxic struct {
	toxic  s3test.Toxic
	breaks bool // all that is tried
}

func toxics() []toxic {
	with := func(kind, stream string, attributes map[string]any) s3test.Toxic {
		return s3test.Toxic{Type: kind, Stream: stream, Attributes: attributes}
	}
	return []toxic{
		{with("latency", "downstream", map[string]any{"latency": 20, "jitter": 10}), false},
		{with("slicer", "upstream", map[string]any{"average_size": 4000, "size_variation": 1000, "delay": 10}), false},
		{with("slicer", "downstream", map[string]any{"average_size": 4000, "size_variation": 1000, "delay": 10}), false},
		{with("bandwidth", "upstream", map[string]any{"rate": 20_000}), false}, // KB/s
		{with("slow_close", "downstream", map[string]any{"delay": 100}), false},
		{with("reset_peer", "downstream", map[string]any{"timeout": 0}), true},
		{with("timeout", "downstream", map[string]any{"timeout": 20}), true},
		{with("limit_data", "downstream", map[string]any{"bytes": 30}), true}, // the middle of a head
	}
}
