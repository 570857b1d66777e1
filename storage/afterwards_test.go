package storage_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtool-go/dtool/storage"
)

func TestTidyingOutlastsTheWorkByTheGraceAlone(t *testing.T) {
	for name, whenBegun := range map[string]bool{"begun before": true, "begun afterwards": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, callOff := context.WithCancel(t.Context())
				defer callOff()
				if !whenBegun {
					callOff()
				}
				later, cancel := storage.Afterwards(ctx, time.Second)
				defer cancel()
				if whenBegun {
					<-time.After(time.Hour)
					callOff()
				}
				<-time.After(time.Second - 1)
				synctest.Wait()
				if err := later.Err(); err != nil {
					t.Errorf("within the grace: %v", err)
				}
				<-time.After(1)
				synctest.Wait()
				if later.Err() == nil {
					t.Error("it lasts for longer than the grace")
				}
			})
		})
	}
}

func TestTidyingHasTimeWhereNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later, cancel := storage.Afterwards(t.Context(), time.Second)
		<-time.After(time.Hour)
		if err := later.Err(); err != nil {
			t.Error(err)
		}
		if cancel(); later.Err() == nil {
			t.Error("it goes on when all is tidy")
		}
	})
}
