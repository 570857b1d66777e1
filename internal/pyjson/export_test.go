package pyjson

// ParseAtMost is Parse with another bound on the number of values.
func ParseAtMost(data []byte, most int) (Value, error) { return parse(data, most) }
