package s3test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A Far is a server as it is seen through a proxy, toxiproxy, which is all that it
// has of its own: Stop ends the proxy and leaves the server alone.
type Far struct {
	Server

	control string // URL of the proxy's settings
	client  *http.Client
}

// A Toxic is something wrong with what goes through a proxy, in the words of
// toxiproxy.
type Toxic struct {
	Name       string         `json:"name"`     // of at most one toxic of a proxy
	Type       string         `json:"type"`     // such as "latency", "reset_peer"
	Stream     string         `json:"stream"`   // "upstream", to the server, or "downstream"
	Toxicity   float64        `json:"toxicity"` // the share of connections that have it
	Attributes map[string]any `json:"attributes"`
}

// Far gives the server as it is seen from far away: what the server sends is held back
// for the time of a round trip.
func (s *Server) Far(ctx context.Context, roundTrip time.Duration) (*Server, error) {
	far, err := s.Proxied(ctx)
	if err != nil {
		return nil, err
	}
	err = far.Add(ctx, Toxic{
		Name: "far", Type: "latency", Stream: "downstream", Toxicity: 1,
		Attributes: map[string]any{"latency": roundTrip.Milliseconds()},
	})
	if err != nil {
		far.Stop()
		return nil, err
	}
	return &far.Server, nil
}

// Proxied gives the server as it is seen through a proxy of its own that does nothing
// until it is told to.
func (s *Server) Proxied(ctx context.Context) (*Far, error) {
	binary, err := toxiproxy().find(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a proxy to test with: %w", err)
	}
	far := &Far{Server: *s, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	far.run, err = onFreePort(ctx, func(addr string) (*process, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		output, err := os.Create(filepath.Join(s.run.dir, "proxy-"+port+".log"))
		if err != nil {
			return nil, err
		}
		defer output.Close() // the child has its own handle
		p := &process{addr: addr, dir: s.run.dir, ended: make(chan struct{})}
		p.cmd = exec.Command(binary, "-host", host, "-port", port)
		p.cmd.Env = append(os.Environ(), "LOG_LEVEL=error")
		p.cmd.Stdout, p.cmd.Stderr = output, output
		return p, p.run(ctx, answering("http://"+addr+"/version"))
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	if err := far.open(ctx, s.run.addr); err != nil {
		far.Stop()
		return nil, fmt.Errorf("set up %s: %w", binary, err)
	}
	return far, nil
}

// open has the proxy pass on what is between its clients and the address.
func (f *Far) open(ctx context.Context, upstream string) error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	f.Endpoint, f.control = "http://"+addr, "http://"+f.run.addr+"/proxies/s3"
	return f.tell(ctx, http.MethodPost, "http://"+f.run.addr+"/proxies", map[string]any{
		"name": "s3", "listen": addr, "upstream": upstream, "enabled": true,
	})
}

// Add has a toxic befall connections, those that there are as well as new ones.
func (f *Far) Add(ctx context.Context, t Toxic) error {
	return f.tell(ctx, http.MethodPost, f.control+"/toxics", t)
}

// Remove takes a toxic away.
func (f *Far) Remove(ctx context.Context, name string) error {
	return f.tell(ctx, http.MethodDelete, f.control+"/toxics/"+name, nil)
}

// Cut breaks all connections and takes no new ones until Mend.
func (f *Far) Cut(ctx context.Context) error { return f.enable(ctx, false) }

// Mend takes connections again after Cut.
func (f *Far) Mend(ctx context.Context) error { return f.enable(ctx, true) }

func (f *Far) enable(ctx context.Context, enabled bool) error {
	return f.tell(ctx, http.MethodPost, f.control, map[string]any{"enabled": enabled})
}

// tell makes a request to the proxy itself.
func (f *Far) tell(ctx context.Context, method, url string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)) // what there is of it
		return fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, said)
	}
	return nil
}
