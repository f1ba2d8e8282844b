package config

import (
	"encoding/binary"
	"math"
)

const maxDepth = 64

// parseStruct reads a serialized google.protobuf.Struct, what Envoy hands to a filter whose configuration is one, as JSON's values.
func parseStruct(bytes []byte) (any, bool) {
	r := &reader{bytes: bytes}
	value := r.object(0)
	return value, !r.bad
}

type reader struct {
	bytes []byte
	bad   bool
}

func (r *reader) more() bool {
	return !r.bad && len(r.bytes) > 0
}

func (r *reader) varint() uint64 {
	value, n := binary.Uvarint(r.bytes)
	if n <= 0 {
		r.bad, r.bytes = true, nil
		return 0
	}
	r.bytes = r.bytes[n:]
	return value
}

func (r *reader) inner() *reader {
	size := r.varint()
	if size > uint64(len(r.bytes)) {
		r.bad, r.bytes = true, nil
		return &reader{bad: true}
	}
	inner := &reader{bytes: r.bytes[:size]}
	r.bytes = r.bytes[size:]
	return inner
}

func (r *reader) object(depth int) map[string]any {
	object := map[string]any{}
	for r.more() {
		if r.varint() != 0x0a {
			r.bad = true
		}
		entry := r.inner()
		var key string
		var value any
		for entry.more() {
			switch entry.varint() {
			case 0x0a:
				key = string(entry.inner().bytes)
			case 0x12:
				value = entry.message(depth)
			default:
				entry.bad = true
			}
		}
		r.bad = r.bad || entry.bad
		object[key] = value
	}
	return object
}

// message reads a length-delimited google.protobuf.Value.
func (r *reader) message(depth int) any {
	inner := r.inner()
	inner.bad = inner.bad || depth > maxDepth
	var value any
	for inner.more() {
		switch inner.varint() {
		case 0x08:
			inner.varint()
		case 0x11:
			if len(inner.bytes) < 8 {
				inner.bad = true
				break
			}
			value = math.Float64frombits(binary.LittleEndian.Uint64(inner.bytes))
			inner.bytes = inner.bytes[8:]
		case 0x1a:
			value = string(inner.inner().bytes)
		case 0x20:
			value = inner.varint() != 0
		case 0x2a:
			object := inner.inner()
			value = object.object(depth + 1)
			inner.bad = inner.bad || object.bad
		case 0x32:
			list := inner.inner()
			items := []any{}
			for list.more() {
				if list.varint() != 0x0a {
					list.bad = true
				}
				items = append(items, list.message(depth+1))
			}
			value = items
			inner.bad = inner.bad || list.bad
		default:
			inner.bad = true
		}
	}
	r.bad = r.bad || inner.bad
	return value
}
