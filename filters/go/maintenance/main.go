// The filter maintenance in Go: answers everything with a page while work is going on, but for some paths, addresses and who knows
// a secret header.
package main

import (
	"crypto/subtle"
	"net/netip"
	"strconv"
	"strings"

	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"
	"sluice.filters/config"
)

func main() {}

func init() {
	proxywasm.SetVMContext(&vmContext{})
}

type vmContext struct{ types.DefaultVMContext }

func (*vmContext) NewPluginContext(uint32) types.PluginContext {
	return &pluginContext{}
}

type pluginContext struct {
	types.DefaultPluginContext
	enabled       bool
	status        uint32
	body          []byte
	contentType   string
	retryAfter    string
	openPaths     []string
	openAddresses []netip.Prefix
	bypassHeader  string
	bypassValue   string
}

func (p *pluginContext) OnPluginStart(int) types.OnPluginStartStatus {
	bytes, err := proxywasm.GetPluginConfiguration()
	if err != nil && err != types.ErrorStatusNotFound {
		return types.OnPluginStartStatusFailed
	}
	c := config.Parse(bytes)
	p.enabled = c.Flag("enabled", true)
	p.status = uint32(c.Integer("status", 200, 599, 503))
	p.body = []byte(c.TextOr("message", "<h1>Down for maintenance</h1>"))
	p.contentType = c.TextOr("content_type", "text/html; charset=utf-8")
	if seconds := c.Integer("retry_after_seconds", 0, 31_536_000, 0); seconds > 0 {
		p.retryAfter = strconv.FormatInt(seconds, 10)
	}
	p.openPaths = c.Texts("open_paths")
	p.openAddresses = c.Ranges("open_addresses")
	if c.Has("bypass") {
		c.Object("bypass", func(bypass *config.Config) {
			p.bypassHeader = bypass.Text("header")
			p.bypassValue = bypass.Text("value")
		})
	}
	faults := c.Faults()
	for _, fault := range faults {
		proxywasm.LogError("bad configuration: " + fault)
	}
	return types.OnPluginStartStatus(len(faults) == 0)
}

func (p *pluginContext) NewHttpContext(uint32) types.HttpContext {
	return &httpContext{plugin: p}
}

type httpContext struct {
	types.DefaultHttpContext
	plugin *pluginContext
}

func (h *httpContext) OnHttpRequestHeaders(int, bool) types.Action {
	p := h.plugin
	if !p.enabled || h.isOpen() {
		return types.ActionContinue
	}
	headers := [][2]string{{"content-type", p.contentType}, {"cache-control", "no-store"}}
	if p.retryAfter != "" {
		headers = append(headers, [2]string{"retry-after", p.retryAfter})
	}
	if err := proxywasm.SendHttpResponse(p.status, headers, p.body, -1); err != nil {
		proxywasm.LogErrorf("the page could not be sent: %v", err)
		return types.ActionContinue
	}
	return types.ActionPause
}

func (h *httpContext) isOpen() bool {
	p := h.plugin
	path, _ := proxywasm.GetHttpRequestHeader(":path")
	for _, open := range p.openPaths {
		if isBelow(path, open) {
			return true
		}
	}
	if p.bypassHeader != "" {
		value, _ := proxywasm.GetHttpRequestHeader(p.bypassHeader)
		proxywasm.RemoveHttpRequestHeader(p.bypassHeader)
		if subtle.ConstantTimeCompare([]byte(value), []byte(p.bypassValue)) == 1 {
			return true
		}
	}
	if len(p.openAddresses) == 0 {
		return false
	}
	// The proxy's own idea of the client's address.
	property, _ := proxywasm.GetProperty([]string{"source", "address"})
	address, err := netip.ParseAddrPort(string(property))
	if err != nil {
		return false
	}
	for _, open := range p.openAddresses {
		if open.Contains(address.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// isBelow: /health holds /health/live and /health?x, not /healthy.
func isBelow(path, prefix string) bool {
	bare, _, _ := strings.Cut(path, "?")
	rest, found := strings.CutPrefix(bare, prefix)
	return found && (rest == "" || strings.HasSuffix(prefix, "/") || strings.HasPrefix(rest, "/"))
}
