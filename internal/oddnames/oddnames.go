// Package oddnames gives tests names of files that programs have stumbled over, and
// says of each kind what must become of it.
//
// It knows texts alone: neither stores nor datasets.
package oddnames

import "strings"

// Plain gives names that go through every store, system and output unchanged,
// odd as some of them look.
func Plain() []string {
	return []string{
		"plain.txt", "with space", " leading", "in  side", "it's", "#%&+", "a+b=c;d,e@f", "100%", "100%25", "%2F",
		"%00", "a%20b", "%2e%2e%2fx", "$(x)`y`", "${HOME}", "$HOME", "~", "~root", "!^[]{}", "-rf", "--", "-", "--help", "...x", "..a", "a..b",
		".hidden", "_", "dir/#%&+/x y", "emoji 🧬👩‍🔬", "🏳️‍🌈/👩🏽‍🚀", "日本語/ファイル", "caf\u00e9", "e\u0301te\u0301", "\u1100\u1161", "한",
		"عربي", "שלום/עולם.txt", "a\u200bzero width", "\u200d", "\u2060joined", "soft\u00adhyphen", "no\u00a0break", "\u3000wide", "ﬁ.txt", "ß", "İstanbul", "ǅ",
		"names/.dtool", "names/data", ".dtool/dtool", ".dtool/x", ".dtool/manifest.json", ".dtool/tmp/.unfinished-x", "data/data/data", "README.yml",
		"README.yml-1536749834.5", "manifest.json", "structure.json", "http_manifest.json", "tags/tag", "overlays/overlay.json", "annotations/a.json",
		"dtool-5d700000-0015-4000-8000-000000000001", ".git/config", "desktop.ini", "Thumbs.db", "console", "com", "com10", "nulls.txt", "null",
		"=cmd()", "+1", "@sum", "None", "True", "1e5", "007", "!--", "&amp;", "{name}", "%s%d%n", "%!s(MISSING)",
		"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z",
		"a name/that goes on/for some time/and has/a part of 100 bytes/" + strings.Repeat("x", 100),
	}
}

// A Picky name goes unchanged through every store and system that can hold it, and is
// shown escaped where it would act on a terminal. Windows cannot hold it.
type Picky struct {
	Name string
	Why  string // words that a warning has for it
}

// Windows gives names that Windows does not allow. To other systems they mean
// nothing, lead where they might: "..\x" is one name.
func Windows() []Picky {
	list := []Picky{
		{"trailing ", "ends in a space"}, {"dir /x", "ends in a space"}, {"trailing.", "ends in a dot"}, {"dir./x", "ends in a dot"}, {"...", "ends in a dot"},
	}
	for _, name := range []string{
		"con", "nul.txt", "NUL", "COM1", "com9.tar.gz", "lpt1", "LPT\u00b2", "aux", "aux.c", "prn/x", "CONIN$", "conout$", "nul .txt",
	} {
		list = append(list, Picky{name, "is that of a device"})
	}
	for _, name := range []string{
		"quo\"te", "what?", "co:lon", "star*", "pi|pe", "<angle>", "a>b", `back\slash`, `\`, `..\x`, `a\..\..\x`, `C:\x`, "C:x", "c:/x",
		`\\host\share\x`, `\\?\C:\x`, `\\.\nul`, "x:stream", "a<script>alert(1)</script>", `"`, `""`, `a","b`, "file:/x", "s3:/bucket/x",
	} {
		for _, c := range []string{`"`, "?", ":", "*", "|", "<", ">", `\`} {
			if strings.Contains(name, c) {
				list = append(list, Picky{name, "has the character"})
				break
			}
		}
	}
	for _, name := range []string{"\x01", "tab\tname", "\t", "\x1b[31mred", "\x1b]0;title\a", "\x1b[2J\x1b[H", "bell\a", "back\b\b\bspace"} {
		list = append(list, Picky{name, "has a control character"})
	}
	return list
}

// Acting gives names that every system holds and that act on a terminal.
func Acting() []string {
	return []string{
		"\x7f", "\u0085", "c1\u009b31m", "\u009d0;title\u009c", "\u2028", "\u2029", "\u202etxt.exe", "\u2066isolate", "\u200fright",
		"\u061cmark",
	}
}

// Strange gives names of code points that stand for no character. Some stores
// refuse them.
func Strange() []string { return []string{"\ufeff", "\ufffd", "\ufffe", "\U0010ffff", "\ue000"} }

// Long gives the longest names that file systems hold.
func Long() []string {
	return []string{strings.Repeat("x", 255), strings.Repeat("é", 127) + "x", strings.Repeat("🧬", 63), strings.Repeat("d", 255) + "/x"}
}

// Deep gives a path of 1024 bytes, as many as a key of S3 can have.
func Deep() string { return strings.Repeat("0123456789abcdef/", 60) + "last" }

// TooLong gives names that a bucket holds and no disk does.
func TooLong() []string {
	return []string{strings.Repeat("x", 256), "a/" + strings.Repeat("é", 128) + "/b", strings.Repeat("y", 1024), strings.Repeat("🧬", 300)}
}

// Pairs gives names, two by two, that not every disk tells apart. They differ
// only by case or by Unicode normalisation.
func Pairs() [][2]string {
	return [][2]string{
		{"name", "Name"},
		{"NAME.TXT", "name.txt"},
		{"Dir/a", "dir/b"},
		{"dir2/SUB/a", "dir2/sub/a"},
		{"É", "é"},
		{"caf\u00e9s", "cafe\u0301s"},
		{"\u212b", "A\u030a"},
		{"\u1112\u1161\u11ab!", "한!"},
		{"STRASSE", "straße"},
		{"Σ", "ς"},
	}
}

// Newlines gives names that no dataset is frozen with. A foreign one may have them.
func Newlines() []string {
	return []string{"two\nlines", "\n", "cr\rlf\r\n", "dir\n/x", "\r", "ok\n0000000000000000000000000000000000000000\tforged"}
}

// NotText gives names that are not UTF-8.
func NotText() []string {
	return []string{"\xff", "latin \xe9", "a/\xc3", "\xed\xa0\x80", "\xc0\xafx", "\xf5\x80\x80\x80"}
}

// Outward gives what is no relpath, or leads out of the directory that it is relative to.
func Outward() []string {
	return []string{
		"", ".", "..", "../x", "../../x", "a/..", "a/../x", "a/../../x", "/", "/etc/x", "//host/x", "a//x", "a/", "a/./../../x", "./../x", "nul\x00", "a\x00/../x",
	}
}
