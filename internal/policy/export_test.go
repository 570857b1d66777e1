package policy

// Has tells whether there is a statement of that Sid.
func (d *Document) Has(sid string) bool { return d.find(sid) >= 0 }
