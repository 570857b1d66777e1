package s3test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"time"
)

// Far gives the server as it is seen from far away: through a proxy, toxiproxy,
// that holds back what the server sends for the time of a round trip. The proxy
// runs until Stop of what it gives is called, which leaves the server alone.
func (s *Server) Far(ctx context.Context, roundTrip time.Duration) (*Server, error) {
	binary, err := toxiproxy().find(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a proxy to test with: %w", err)
	}
	far := *s
	far.run, err = onFreePort(ctx, func(addr string) (*process, error) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		p := &process{
			addr: addr, dir: s.run.dir, ended: make(chan struct{}),
			cmd: exec.Command(binary, "-host", host, "-port", port),
		}
		return p, p.run(ctx, "http://"+addr+"/version")
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	if far.Endpoint, err = far.run.delay(ctx, s.run.addr, roundTrip); err != nil {
		far.Stop()
		return nil, fmt.Errorf("set up %s: %w", binary, err)
	}
	return &far, nil
}

// delay has a toxiproxy pass on what is between a client and the address, and
// gives the URL for clients.
func (p *process) delay(ctx context.Context, upstream string, latency time.Duration) (string, error) {
	var proxy struct {
		Listen string `json:"listen"`
	}
	err := postJSON(ctx, "http://"+p.addr+"/proxies", map[string]any{
		"name": "s3", "listen": "127.0.0.1:0", "upstream": upstream, "enabled": true,
	}, &proxy)
	if err != nil {
		return "", err
	}
	err = postJSON(ctx, "http://"+p.addr+"/proxies/s3/toxics", map[string]any{
		"type": "latency", "stream": "downstream", "attributes": map[string]any{"latency": latency.Milliseconds()},
	}, &struct{}{})
	return "http://" + proxy.Listen, err
}

func postJSON(ctx context.Context, url string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST %s: %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
