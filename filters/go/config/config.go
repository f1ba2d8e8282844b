// Package config reads a filter's configuration (JSON, or a google.protobuf.Struct) and collects what is wrong with it: each
// fault with its path, unknown members too.
package config

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
)

// Config is an object of the configuration. Members that are asked for without a default must be there.
type Config struct {
	members map[string]any
	path    string
	asked   []string
	faults  *[]string
}

// Parse takes JSON, or a serialized google.protobuf.Struct; none are an empty object.
func Parse(bytes []byte) *Config {
	c := &Config{members: map[string]any{}, faults: new([]string)}
	if len(bytes) == 0 {
		return c
	}
	var value any
	if err := json.Unmarshal(bytes, &value); err != nil {
		var ok bool
		if value, ok = parseStruct(bytes); !ok {
			*c.faults = append(*c.faults, "it is no JSON: "+err.Error())
			return c
		}
	}
	c.set(value)
	return c
}

func (c *Config) set(value any) {
	if members, ok := value.(map[string]any); ok {
		c.members = members
	} else {
		c.Fault("", "must be an object")
	}
}

// Has tells whether the member is there, and not null.
func (c *Config) Has(key string) bool {
	return c.find(key) != nil
}

// Text must be there and not be empty.
func (c *Config) Text(key string) string {
	member := c.find(key)
	text, ok := member.(string)
	if member == nil {
		c.Fault(key, "is missing: a text must stand here")
	} else if !ok || text == "" {
		c.Fault(key, "must be a text that is not empty")
	}
	return text
}

// TextOr is a text, or `absent`.
func (c *Config) TextOr(key, absent string) string {
	member := c.find(key)
	if member == nil {
		return absent
	}
	if text, ok := member.(string); ok {
		return text
	}
	c.Fault(key, "must be a text")
	return absent
}

// Integer is a whole number within bounds; `absent` where none is given.
func (c *Config) Integer(key string, least, most, absent int64) int64 {
	member := c.find(key)
	if member == nil {
		return absent
	}
	number, ok := member.(float64)
	if ok && number == math.Trunc(number) && number >= float64(least) && number <= float64(most) {
		return int64(number)
	}
	c.Fault(key, fmt.Sprintf("must be a whole number from %d to %d", least, most))
	return absent
}

// Flag is true or false; `absent` where none is given.
func (c *Config) Flag(key string, absent bool) bool {
	member := c.find(key)
	if member == nil {
		return absent
	}
	if flag, ok := member.(bool); ok {
		return flag
	}
	c.Fault(key, "must be true or false")
	return absent
}

// Texts is a list of texts; empty where none is given.
func (c *Config) Texts(key string) []string {
	member := c.find(key)
	items, ok := member.([]any)
	if member != nil && !ok {
		c.Fault(key, "must be a list")
	}
	var texts []string
	for i, item := range items {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		} else {
			c.Fault(fmt.Sprintf("%s[%d]", key, i), "must be a text")
		}
	}
	return texts
}

// Ranges is a list of addresses and ranges; empty where none is given.
func (c *Config) Ranges(key string) []netip.Prefix {
	var ranges []netip.Prefix
	for i, text := range c.Texts(key) {
		prefix, err := netip.ParsePrefix(text)
		if address, notAddress := netip.ParseAddr(text); notAddress == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			c.Fault(fmt.Sprintf("%s[%d]", key, i), "must be an address or a range such as 10.0.0.0/8")
		} else {
			ranges = append(ranges, prefix)
		}
	}
	return ranges
}

// Object is an empty one where none is given; `read` asks it for its members.
func (c *Config) Object(key string, read func(*Config)) {
	child := &Config{members: map[string]any{}, path: c.pathOf(key), faults: c.faults}
	if member := c.find(key); member != nil {
		child.set(member)
	}
	read(child)
	child.tellUnknown()
}

// Fault says what is wrong with a member, for checks of the filter's own; "" is the object itself.
func (c *Config) Fault(key, reason string) {
	path := c.pathOf(key)
	if path == "" {
		path = "the configuration"
	}
	*c.faults = append(*c.faults, path+" "+reason)
}

// Faults is all that is wrong, unknown members included, once everything was asked for.
func (c *Config) Faults() []string {
	c.tellUnknown()
	return *c.faults
}

func (c *Config) tellUnknown() {
	var unknown []string
	for key := range c.members {
		if !slices.Contains(c.asked, key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		c.Fault(key, "is unknown; there is: "+strings.Join(c.asked, ", "))
	}
}

func (c *Config) find(key string) any {
	if !slices.Contains(c.asked, key) {
		c.asked = append(c.asked, key)
	}
	return c.members[key]
}

func (c *Config) pathOf(key string) string {
	if c.path == "" || key == "" {
		return c.path + key
	}
	return c.path + "." + key
}
