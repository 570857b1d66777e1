package cli

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vbauerster/mpb/v8"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestWaitsAreTold has a store log what keeps somebody waiting, at moments counted in
// seconds.
func TestWaitsAreTold(t *testing.T) {
	again := func(log *slog.Logger, waited time.Duration) {
		log.Info("PutObject is asked again after 503 SlowDown", "try", "2 of 5", "waited", waited)
	}
	const told = "dtool: s3://leaves at AWS: PutObject is asked again after 503 SlowDown (try 2 of 5"
	for name, tt := range map[string]struct {
		happens func(log *slog.Logger, second func(int))
		want    string
	}{
		"what passes soon": {func(log *slog.Logger, _ func(int)) {
			for range 100 {
				again(log, 900*time.Millisecond)
			}
		}, ""},
		"what lasts": {func(log *slog.Logger, _ func(int)) {
			again(log, 400*time.Millisecond)
			again(log, time.Second)
		}, told + ")\n"},
		"many at once, and again": {func(log *slog.Logger, second func(int)) {
			for now := range 21 {
				second(now)
				again(log, 2*time.Second)
			}
		}, told + ")\n" + strings.Repeat(told+", 9 more since the last such line)\n", 2)},
		"of another kind": {func(log *slog.Logger, _ func(int)) {
			log.Info("a body broke off and is continued", "key", "a\x1b", "byte", 5, "waited", time.Minute)
		}, "dtool: s3://leaves at AWS: a body broke off and is continued (key a\\x1b, byte 5)\n"},
		"what is no wait": {func(log *slog.Logger, _ func(int)) {
			log.Debug("S3 request", "waited", time.Minute)
			log.Warn("parts are left in the bucket", "waited", time.Minute)
			log.Info("an upload had been begun with other metadata")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			now := labTime()
			log := slog.New(waits{teller: newTeller(&stderr, func() time.Time { return now })}).With("store", "s3://leaves at AWS")
			tt.happens(log, func(n int) { now = labTime().Add(time.Duration(n) * time.Second) })
			if diff := cmp.Diff(tt.want, stderr.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Many who wait at once are told of in one line, and those who log meanwhile see to
// nothing.
func TestManyMayWaitAtOnce(t *testing.T) {
	var stderr writes
	log := slog.New(waits{teller: newTeller(&stderr, labTime)})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { log.With("store", "s3://leaves").Info("again", "waited", time.Minute) })
	}
	all.Wait()
	if got := stderr.all(); len(got) != 1 {
		t.Errorf("it says %q", got)
	}
}

// A line goes above bars as long as there are any, and is not lost when they end.
func TestWaitsAreToldAboveBars(t *testing.T) {
	var terminal, place writes
	bars := mpb.New(mpb.WithOutput(&terminal), mpb.WithAutoRefresh())
	bar := bars.AddBar(1)
	teller := newTeller(&place, labTime)
	teller.through(above{bars, &place})
	teller.tell("while there are bars", nil)
	bar.Increment()
	bars.Wait()
	if got := strings.Join(terminal.all(), ""); !strings.Contains(got, "dtool: while there are bars") || len(place.all()) != 0 {
		t.Errorf("above the bars: %q, in their place: %q", got, place.all())
	}
	if _, err := io.WriteString(above{bars, &place}, "after them\n"); err != nil || strings.Join(place.all(), "") != "after them\n" {
		t.Errorf("in place of the bars: %q, %v", place.all(), err)
	}
}

// late has a fault keep whoever meets it waiting.
func late(fault badday.Fault) badday.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		<-time.After(toldAfter)
		fault(w, r, next)
	}
}

// TestSomebodyWhoWaitsIsTold has a store take its time to refuse a request, and do it when
// asked again. With -q nothing is said, and without it nothing on standard output.
func TestSomebodyWhoWaitsIsTold(t *testing.T) {
	server := s3test.StartOwn(t)
	for name, tt := range map[string]struct {
		flags, says string
	}{
		"told":  {"--concurrency=1", "dtool: s3://roots at ENDPOINT: PutObject is asked again after 503 SlowDown (try 2 of 7)\n"},
		"quiet": {"-q", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, server)
			t.Setenv("AWS_MAX_ATTEMPTS", "7")
			d.day.Becomes(badday.First(1, "PutObject", late(badday.Refuse(503, "SlowDown", "Please reduce your request rate."))))
			o := d.dtool("cp", tt.flags, d.source, "s3://roots")
			d.day.Becomes(nil)
			if said := d.normal(o.stderr); o.code != 0 || said != tt.says || !strings.HasSuffix(o.stdout, "s3://roots/"+d.uuid+"\n") || strings.Contains(o.stdout, "again") {
				t.Errorf("exit code %d, %q on standard error, %q on standard output", o.code, said, o.stdout)
			}
		})
	}
}
