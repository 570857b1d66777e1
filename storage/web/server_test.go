package web_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// content is what the tests' objects hold.
func content() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 1<<14) }

// object serves content as a file server does.
func object(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "object", time.Unix(1500000000, 0), bytes.NewReader(content()))
}

// quick are the options of clients whose tests are not to take long.
func quick() web.Options {
	return web.Options{MaxPause: time.Millisecond, Stall: 10 * time.Second}
}

// at opens a store that has one object, under a URL.
func at(t *testing.T, o web.Options, url string) *web.Store {
	t.Helper()
	return newClient(t, o).Open("the site", web.Index{URLs: map[string]string{"object": url, "document.json": url}})
}

func read(ctx context.Context, s storage.Store, key string, r storage.Range) ([]byte, error) {
	body, _, err := s.Get(ctx, key, r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(body)
	return text, errors.Join(err, body.Close())
}

// holds checks that the whole object comes, and parts of it, and its size.
func holds(t *testing.T, s storage.Store) {
	t.Helper()
	for _, r := range []storage.Range{{}, {Offset: 1000}, {Offset: 1000, Length: 2000}} {
		length, _ := r.In(int64(len(content())))
		text, err := read(t.Context(), s, "object", r)
		if err != nil || !bytes.Equal(text, content()[r.Offset:r.Offset+length]) {
			t.Errorf("%v: %d bytes, %v", r, len(text), err)
		}
	}
	if info, err := s.Stat(t.Context(), "object"); err != nil || info.Size != int64(len(content())) {
		t.Errorf("Stat gives %+v, %v", info, err)
	}
}

// failsAs checks of what kind the error of a Get is, and what it says.
func failsAs(t *testing.T, s storage.Store, kind error, says ...string) {
	t.Helper()
	text, err := read(t.Context(), s, "object", storage.Range{})
	if kind != nil && !errors.Is(err, kind) {
		t.Fatalf("%d bytes, %v; want %v", len(text), err, kind)
	}
	failure, _ := errors.AsType[*storage.Error](err)
	if failure == nil || kind == nil && failure.Kind != nil {
		t.Fatalf("%v is no *storage.Error of the kind %v", err, kind)
	}
	for _, words := range says {
		if !strings.Contains(err.Error()+"; "+failure.Hint, words) {
			t.Errorf("the error is %q with the hint %q; want %q in it", err, failure.Hint, words)
		}
	}
	if strings.Contains(err.Error()+failure.Hint, "secret") {
		t.Errorf("the error %q, or its hint %q, tells a secret", err, failure.Hint)
	}
}

// serveTLS serves over HTTPS until the test ends, and gives a bundle with the server's
// certificate.
func serveTLS(t *testing.T, h http.Handler) (server *httptest.Server, bundle string) {
	t.Helper()
	server = httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	bundle = filepath.Join(t.TempDir(), "bundle.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return server, bundle
}
