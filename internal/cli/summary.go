package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

func (a *app) summaryCommand() *cobra.Command {
	format := choice{of: []string{"json"}}
	cmd := &cobra.Command{
		Use:   "summary DS",
		Short: "Print what a dataset is in a few lines",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runSummary(cmd.Context(), format.value == "json", args[0])
		},
	}
	cmd.Flags().VarP(&format, "format", "f", "print `json`")
	return withExits(cmd)
}

func (a *app) runSummary(ctx context.Context, asJSON bool, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	m, err := ds.Manifest(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		text, err := summaryJSON(ds, m)
		if err != nil {
			return err
		}
		a.out.Text(append(text, '\n'))
		return nil
	}
	a.printSummary(ds, m)
	return nil
}

func (a *app) printSummary(ds *dtool.Dataset, m *dtool.Manifest) {
	a.out.Printf("name: %s\n", ds.Name())
	a.out.Printf("uuid: %s\n", ds.UUID())
	a.out.Printf("creator_username: %s\n", ds.Creator())
	a.out.Printf("number_of_items: %d\n", m.Len())
	a.out.Printf("size: %s\n", show.Size(m.TotalSize()))
	if at, ok := ds.FrozenAt(); ok {
		a.out.Printf("frozen_at: %s\n", day(at))
	}
}

// summaryJSON gives the fields that scripts read, in their order.
func summaryJSON(ds *dtool.Dataset, m *dtool.Manifest) ([]byte, error) {
	fields := struct {
		Name     string          `json:"name"`
		UUID     string          `json:"uuid"`
		Creator  string          `json:"creator_username"`
		Items    int             `json:"number_of_items"`
		Size     int64           `json:"size_in_bytes"`
		FrozenAt json.RawMessage `json:"frozen_at"` // Unix seconds, written as the format writes floats
	}{Name: ds.Name(), UUID: ds.UUID(), Creator: ds.Creator(), Items: m.Len(), Size: m.TotalSize()}
	if seconds, ok := ds.FrozenAtSeconds(); ok {
		at, err := dtool.NewValue(seconds)
		if err != nil {
			return nil, err
		}
		fields.FrozenAt = at.JSON()
	}
	value, err := dtool.NewValue(fields)
	return value.JSON(), err
}
