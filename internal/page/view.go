package page

import (
	"bytes"
	"cmp"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dtool-go/dtool/internal/show"
)

// A view is a dataset as the template has it: all texts harmless, all numbers and
// times in words, all URLs looked at. The template escapes for HTML alone.
type view struct {
	Style  template.CSS
	Policy string

	Name, UUID, Creator string
	Created, Frozen     moment
	Expires             moment
	Size, Count, Hash   string

	README      text
	Annotations []annotationView
	Tags        []string
	Items       []itemView
	Shown       string // items
	Left        left

	HTTPManifest, Manifest string // URLs
	Copy, Fetch            string // commands
}

// A text is the beginning of one, and where the whole of it is.
type text struct {
	Text  string
	Cut   bool
	Size  string // of the whole
	Whole string // URL
}

type annotationView struct {
	Name  string
	Value text
}

type itemView struct {
	Relpath, Save, Size, Bytes, Hash, URL string
}

// left counts what there is besides what is shown.
type left struct{ Items, Annotations, Tags int }

// A moment is a time for people and for programs; both are empty where it is not known.
type moment struct{ Text, ISO string }

func newView(d Dataset) (view, error) {
	l, err := newLinks(d.AccessURL)
	if err != nil {
		return view{}, err
	}
	v := view{
		Style:  template.CSS(style), //nolint:gosec // it is a part of this program
		Policy: policy(),

		Name:    show.Escape(cmp.Or(d.Name, d.UUID), ""),
		UUID:    show.Escape(d.UUID, ""),
		Creator: show.Escape(d.Creator, ""),
		Created: newMoment(d.Created),
		Frozen:  newMoment(d.Frozen),
		Expires: newMoment(d.Expires),
		Size:    show.Size(d.Size),
		Count:   counted(int64(d.Count), "item"),
		Hash:    show.Escape(d.Hash, ""),

		README: newText(d.README, len(d.README), MaxREADME, l.to(d.READMEURL)),
		Shown:  grouped(int64(min(len(d.Items), MaxItems))),
		Left: left{
			Items:       d.Count - min(len(d.Items), MaxItems),
			Annotations: max(0, len(d.Annotations)-MaxItems),
			Tags:        max(0, len(d.Tags)-MaxItems),
		},

		HTTPManifest: l.to(d.HTTPManifestURL),
		Manifest:     l.to(d.ManifestURL),
		Copy:         "dtool cp " + word(l.access) + " .",
	}
	for _, tag := range d.Tags[:min(len(d.Tags), MaxItems)] {
		v.Tags = append(v.Tags, show.Escape(tag, ""))
	}
	for _, a := range d.Annotations[:min(len(d.Annotations), MaxItems)] {
		v.Annotations = append(v.Annotations, newAnnotationView(a, l))
	}
	for _, item := range d.Items[:min(len(d.Items), MaxItems)] {
		v.Items = append(v.Items, newItemView(item, l))
	}
	if len(d.Items) > 0 {
		v.Fetch = "curl -fLo " + localName(d.Items[0]) + " " + word(plain(d.Items[0].URL))
	}
	return v, l.err
}

func newAnnotationView(a Annotation, l *links) annotationView {
	return annotationView{show.Escape(a.Name, ""), newText([]byte(a.Value), a.Size, MaxValue, l.to(a.URL))}
}

func newItemView(item Item, l *links) itemView {
	return itemView{
		Relpath: show.Escape(item.Relpath, ""),
		Save:    fileName(item.Relpath),
		Size:    show.Size(item.Size),
		Bytes:   counted(item.Size, "byte"),
		Hash:    show.Escape(item.Hash, ""),
		URL:     l.to(item.URL),
	}
}

// newText shows at most so many bytes of a text, which may itself be the beginning of
// one that is longer.
func newText(shown []byte, size, most int, whole string) text {
	t := text{Cut: size > min(len(shown), most), Size: show.Size(int64(size)), Whole: whole}
	if len(shown) > most {
		shown = beginning(shown[:most])
	}
	t.Text = show.Escape(string(readable(shown)), "\n\t")
	return t
}

// beginning leaves off what is not whole at the end of a text that was cut: a
// character, or the end of a line.
func beginning(text []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				text = text[:len(text)-n]
			}
			break
		}
	}
	return bytes.TrimSuffix(text, []byte("\r"))
}

// readable gives a text the line ends of Unix, and takes the mark off with which some
// editors begin.
func readable(text []byte) []byte {
	return bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
}

func newMoment(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.UTC()
	return moment{t.Format(time.DateTime) + " UTC", t.Format(time.RFC3339)}
}

// counted gives a number of things in words.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return grouped(n) + " " + thing + "s"
}

// grouped gives a number with a space, which no line breaks at, between its thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteString("\u202f")
		}
		b.WriteRune(digit)
	}
	return b.String()
}
