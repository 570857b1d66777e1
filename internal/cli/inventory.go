package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

func (a *app) inventoryCommand() *cobra.Command {
	format := choice{of: []string{"csv", "tsv"}}
	cmd := &cobra.Command{
		Use:   "inventory [BASE]",
		Short: "List the frozen datasets of a base with their sizes",
		Long: `Lists the frozen datasets in BASE, by default the current directory, by creator, date
and name: for each the size, the creator, the number of items, the date and the
name; and at the end the size and the number of items of all.

As csv or tsv it is a line of headings and a line for each dataset, by name, with
the size in bytes. In tsv line ends and tabs within a value are shown as \n and \t.`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runInventory(cmd.Context(), format.value, append(args, ".")[0])
		},
	}
	cmd.Flags().VarP(&format, "format", "f", "print `csv|tsv`")
	return withExits(cmd)
}

// runInventory prints what can be listed even if some of it cannot.
func (a *app) runInventory(ctx context.Context, format, base string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	isBase, err := client.IsBase(ctx, base)
	if err != nil {
		return err
	}
	if !isBase {
		return &usageError{
			fmt.Sprintf("inventory: %s is no base", base),
			"a base is a directory that holds datasets, or s3://BUCKET; dtool summary tells of a single dataset",
		}
	}
	holdings, failed := a.holdings(ctx, client, base)
	if ctx.Err() != nil || failed != nil && len(holdings) == 0 {
		return failed
	}
	switch format {
	case "csv":
		err = a.inventoryCSV(holdings)
	case "tsv":
		a.inventoryTSV(holdings)
	default:
		a.inventoryTable(holdings)
	}
	return errors.Join(failed, err)
}

func (a *app) holdings(ctx context.Context, client *dtool.Client, base string) ([]dtool.Holding, error) {
	one, end := a.counter("Reading manifests: %d ")
	defer end()
	var holdings []dtool.Holding
	var failed []error
	for h, err := range client.Inventory(ctx, base) {
		one()
		if err != nil {
			failed = append(failed, err)
			continue
		}
		holdings = append(holdings, h)
	}
	return holdings, errors.Join(failed...)
}

// frozenDay gives the date of a dataset; old ones may have none.
func frozenDay(h dtool.Holding) string {
	at, ok := h.FrozenAt()
	if !ok {
		return ""
	}
	return day(at)
}

func (a *app) inventoryTable(holdings []dtool.Holding) {
	if len(holdings) == 0 {
		return
	}
	slices.SortStableFunc(holdings, func(x, y dtool.Holding) int {
		return cmp.Or(
			strings.Compare(x.Creator(), y.Creator()),
			strings.Compare(frozenDay(x), frozenDay(y)),
			strings.Compare(x.Name(), y.Name()),
		)
	})
	var size int64
	items, creatorWidth := 0, 0
	for _, h := range holdings {
		size += min(h.Size, math.MaxInt64-size) // whoever wrote the manifests
		items += h.Items
		creatorWidth = max(creatorWidth, utf8.RuneCountInString(h.Creator()))
	}
	itemsWidth := len(strconv.Itoa(items))
	for _, h := range holdings {
		a.out.Printf("%s %-*s %*d %-10s %s\n", show.PaddedSize(h.Size), creatorWidth, h.Creator(), itemsWidth, h.Items, frozenDay(h), h.Name())
	}
	a.out.Printf("%s %-*s %*d\n", show.PaddedSize(size), creatorWidth, "", itemsWidth, items)
}

// inventoryRows gives the table for programs, with its headings.
func inventoryRows(holdings []dtool.Holding) [][]string {
	slices.SortStableFunc(holdings, func(x, y dtool.Holding) int { return strings.Compare(x.Name(), y.Name()) })
	rows := [][]string{{"name", "size_in_bytes", "creator", "num_items", "date", "uri"}}
	for _, h := range holdings {
		rows = append(rows, []string{
			h.Name(), strconv.FormatInt(h.Size, 10), h.Creator(), strconv.Itoa(h.Items), frozenDay(h), h.URI(),
		})
	}
	return rows
}

func (a *app) inventoryCSV(holdings []dtool.Holding) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(inventoryRows(holdings)); err != nil {
		return err
	}
	a.out.Text(text.Bytes())
	return nil
}

func (a *app) inventoryTSV(holdings []dtool.Holding) {
	for _, row := range inventoryRows(holdings) {
		for i, value := range row {
			row[i] = show.Escape(value, "")
		}
		a.out.Text([]byte(strings.Join(row, "\t") + "\n"))
	}
}
