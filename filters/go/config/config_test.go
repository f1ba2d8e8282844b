package config

import (
	"slices"
	"testing"
)

func TestFaultsHaveTheirPaths(t *testing.T) {
	c := Parse([]byte(`{"a": 1, "list": ["x", 2], "inner": {"b": true, "c": "?"}, "more": 1}`))
	c.Text("a")
	c.Texts("list")
	c.Ranges("ranges")
	c.Object("inner", func(inner *Config) { inner.Integer("b", 1, 2, 1) })
	want := []string{
		"a must be a text that is not empty",
		"list[1] must be a text",
		"inner.b must be a whole number from 1 to 2",
		"inner.c is unknown; there is: b",
		"more is unknown; there is: a, list, ranges, inner",
	}
	if faults := c.Faults(); !slices.Equal(faults, want) {
		t.Errorf("%q", faults)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\n\x07\n\x01a\x12\x02\x20\x01"))
	f.Fuzz(func(_ *testing.T, bytes []byte) { Parse(bytes).Texts("a") })
}
