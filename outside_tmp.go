package dtool

import (
	"context"
	"io"
	"net/http"

	"github.com/dtool-go/dtool/storage"
)

type tmpWeb struct {
	storage.Store
	urls map[string]string
}

func (s tmpWeb) Stat(ctx context.Context, key string) (storage.Info, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", s.urls[key], nil)
	if err != nil {
		return storage.Info{}, err
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return storage.Info{}, err
	}
	defer resp.Body.Close()
	n, _ := io.Copy(io.Discard, resp.Body)
	switch resp.StatusCode {
	case 200:
		return storage.Info{Size: n}, nil
	case 403:
		return storage.Info{}, &storage.Error{Op: "GET", Store: s.urls[key], Kind: storage.ErrForbidden}
	}
	return storage.Info{}, &storage.Error{Op: "GET", Store: s.urls[key], Kind: storage.ErrNotFound}
}

func (c *Client) outside(urls map[string]string) (storage.Store, error) {
	return tmpWeb{c.stores[reference{}], urls}, nil
}

func (p *publishing) readTmp(ctx context.Context) error {
	urls, err := p.urls(ctx, p.found.named())
	if err != nil {
		return err
	}
	s, _ := p.client.outside(urls)
	for k := range urls {
		if _, err := s.Stat(ctx, k); err != nil {
			return err
		}
	}
	return nil
}
