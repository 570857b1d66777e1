package main

import (
	"bytes"
	"fmt"
	"time"
)

const documentHead = `# Benchmarks

dtool beside what a user would pick instead, on one machine, against a real S3 server on the loopback interface. This page
is written by ` + "`make bench`" + ` and not by hand.

`

const documentTail = `
## How to read it

- **Ratios, not times.** An absolute time is that of one machine on one day. Everybody ran in the same rounds, in another
  order each time, and the ratio is the median of the ratios of each round: dtool's time by that of the fastest of the
  others. 0.5 is twice as fast. *Least* and *most* are the spread; one that is wide says that the machine was busy. *CPU*
  is the time that the process itself kept processors busy, which changes least with what else runs; that of the server
  is not in it.
- **Right, or nothing.** After each run, outside of the time, what arrived was compared byte for byte with what was sent.
  One wrong byte and there is no page. The others neither write a manifest nor check one.
- **Settings.** dtool runs as it comes. rclone runs once with its defaults and once with settings that suit the work, and
  the faster of both takes part: ` + "`" + manyAtOnce + "`" + ` for small files, ` + "`" + farAtOnce + "`" + ` where the
  server is far, ` + "`" + moreParts + "`" + ` for sending large ones and ` + "`" + moreStreams + "`" + `
  for getting them. It never looks for the bucket beforehand (` + "`--s3-no-check-bucket`" + `). The AWS command line runs as
  it comes.
- **Lines that take long** run once, and there with the settings for the work.
- **Fresh destination, warm source.** What a run wrote is removed, and the disk has caught up, before the next begins. What
  is read was read or written just before.
- **Requests** are those in the access log of the server in the worst of the rounds, those that a client tried again among
  them. **Peak memory** is the most that the process had resident in any round. What is less than this program itself had
  cannot be told apart from it and is written with "<".
- **The budget** is what the project holds itself to. Where none is given, the figures are there to be looked at.

## How to repeat it

` + "```sh" + `
make bench                                  # all of it; writes this page
make bench WORK=cp-up                       # one line, printed
make bench WORK=?                           # the names of the lines
make bench BENCHFLAGS='-rounds 10'          # more rounds; -help names the other options
` + "```" + `

The server, the proxy and rclone are pinned in ` + "`tools/go.mod`" + ` and built when they are first needed; the AWS command line and
openssl take part where they are on PATH. It takes some minutes, and room on the disk for a few times what is copied.
`

// document gives the page of a report.
func document(r report, facts []fact, date time.Time) []byte {
	var page bytes.Buffer
	page.WriteString(documentHead)
	about := table{head: []string{"measured on", date.UTC().Format(time.DateOnly)}}
	for _, f := range facts {
		about.add(f.what, f.is)
	}
	about.write(&page)
	fmt.Fprintln(&page)
	r.writeTables(&page)
	page.WriteString(documentTail)
	return page.Bytes()
}
