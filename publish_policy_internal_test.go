package dtool

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/dtool-go/dtool/internal/policy"
)

// A contested policy is another one whenever it is looked at.
type contested struct{ reads, writes int }

func (c *contested) Policy(context.Context) ([]byte, error) {
	c.reads++
	return fmt.Appendf(nil, `{"Statement":[{"Sid":"Theirs%d"}]}`, c.reads), nil
}

func (c *contested) SetPolicy(context.Context, []byte) error {
	c.writes++
	return nil
}

// TestPolicyThatOthersGoOnChanging is not fought for without end.
func TestPolicyThatOthersGoOnChanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keeper := &contested{}
		_, err := sharing{policy: keeper}.changePolicy(t.Context(), func(d *policy.Document) bool {
			return d.Set(policy.Public("Ours", policy.Object("b", "k")))
		})
		if !errors.Is(err, errPolicyMoved) || keeper.writes < 3 || keeper.writes > 20 {
			t.Errorf("after %d tries: %v", keeper.writes, err)
		}
	})
}
