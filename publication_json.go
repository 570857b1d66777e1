package dtool

import "github.com/dtool-go/dtool/internal/pyjson"

// publishedFormat is the format of what Published gives as JSON, its version
// included. Whoever changes what a member means gives it another.
const publishedFormat = "dtool-published-1"

// JSON gives the document that docs/json.md describes.
func (p *Published) JSON() []byte {
	ways := make([]pyjson.Value, len(p.Ways))
	for i, way := range p.Ways {
		ways[i] = string(way)
	}
	document := pyjson.NewObject(
		"format", publishedFormat,
		"uuid", p.UUID,
		"name", p.Name,
		"uri", p.URI,
		"access_url", p.AccessURL,
		"readable", p.Readable(),
		"http_manifest", p.HTTPManifest,
		"page", p.Page,
		"readme", p.README,
		"manifest", p.Manifest,
		"number_of_items", pyjson.Int(int64(p.Items)),
		"number_of_readable_items", pyjson.Int(int64(p.ReadableItems)),
		"ways", ways,
	)
	if !p.SignedUntil.IsZero() {
		document.Set("signed_until", timeJSON(p.SignedUntil))
	}
	return pyjson.Indent(document)
}
