package model

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// relpaths gives the relpaths of items, few so that some are added twice.
func relpaths() []string {
	return []string{"a", "b.txt", "sub/c", "sub/ü d", "deep/er/e#?%.f", ".hidden"}
}

// drawFiles gives contents by relpath.
func (w *World) drawFiles(least, most int) map[string]string {
	files := map[string]string{}
	if w.Many > 0 && w.chance("many items", 8) {
		for i := range w.Many {
			files[fmt.Sprintf("many/%d/%d", i%10, i)] = w.drawSmall(i)
		}
		return files
	}
	for range least + w.Draw("files", most-least+1) {
		files[oneOf(w, "relpath", relpaths())] = w.drawContent()
	}
	return files
}

// drawContent gives the content of a file: small, empty or, rarely, large.
func (w *World) drawContent() string {
	switch kind := w.Draw("content", 15); kind {
	case 0:
		return ""
	case 14:
		large := fmt.Sprintf("%09d\n", w.Draw("line", 1000))
		return strings.Repeat(large, w.LargeSize/len(large)+1) + "end"
	default:
		return w.drawSmall(kind)
	}
}

func (w *World) drawSmall(kind int) string {
	return strings.Repeat(string(rune('a'+kind%26)), 1+w.Draw("length", 40))
}

// newFiles writes files into a directory of their own.
func (w *World) newFiles(contents map[string]string) (string, error) {
	dir, err := os.MkdirTemp(w.Dir, "files-")
	for _, relpath := range slices.Sorted(maps.Keys(contents)) {
		if err != nil {
			break
		}
		file := filepath.Join(dir, filepath.FromSlash(relpath))
		if err = os.MkdirAll(filepath.Dir(file), 0o700); err == nil {
			err = os.WriteFile(file, []byte(contents[relpath]), 0o600)
		}
		if err == nil {
			modified := time.Date(2020, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
			err = os.Chtimes(file, modified, modified)
		}
	}
	return dir, err
}

// newName gives a name that no dataset has had.
func (w *World) newName() string {
	w.names++
	return fmt.Sprintf("dataset-%d", w.names)
}
