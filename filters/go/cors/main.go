// The filter cors in Go: answers preflight requests (Fetch Standard) and marks answers for allowed origins.
package main

import (
	"fmt"
	"slices"
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
	origins     []string
	methods     string
	headers     string
	exposed     string
	credentials bool
	// "" without one.
	maxAge string
}

func (p *pluginContext) OnPluginStart(int) types.OnPluginStartStatus {
	bytes, err := proxywasm.GetPluginConfiguration()
	if err != nil && err != types.ErrorStatusNotFound {
		return types.OnPluginStartStatusFailed
	}
	c := config.Parse(bytes)
	origins := c.Texts("allow_origins")
	if len(origins) == 0 {
		c.Fault("allow_origins", "must have an origin, or *")
	}
	for i, origin := range origins {
		if !isOrigin(origin) {
			c.Fault(fmt.Sprintf("allow_origins[%d]", i), "must be *, scheme://host[:port] or scheme://*.domain[:port]")
		}
		p.origins = append(p.origins, strings.ToLower(origin))
	}
	p.methods = "GET, HEAD, POST"
	if c.Has("allow_methods") {
		p.methods = strings.Join(c.Texts("allow_methods"), ", ")
	}
	p.headers = strings.Join(c.Texts("allow_headers"), ", ")
	p.exposed = strings.Join(c.Texts("expose_headers"), ", ")
	p.credentials = c.Flag("allow_credentials", false)
	if age := c.Integer("max_age_seconds", 0, 86_400, -1); age >= 0 {
		p.maxAge = strconv.FormatInt(age, 10)
	}
	if p.credentials && p.anyOrigin() {
		c.Fault("allow_credentials", "may not be with the origin *: any site could act for its visitors")
	}
	faults := c.Faults()
	for _, fault := range faults {
		proxywasm.LogError("bad configuration: " + fault)
	}
	return types.OnPluginStartStatus(len(faults) == 0)
}

// isOrigin: *, scheme://host[:port] or scheme://*.domain[:port]
func isOrigin(origin string) bool {
	if origin == "*" {
		return true
	}
	scheme, host, found := strings.Cut(origin, "://")
	if !found || scheme == "" || strings.Contains(host, "/") || strings.Contains(scheme, "*") {
		return false
	}
	return !strings.Contains(host, "*") || (strings.HasPrefix(host, "*.") && strings.Count(host, "*") == 1)
}

func (p *pluginContext) anyOrigin() bool {
	return slices.Contains(p.origins, "*")
}

func (p *pluginContext) allows(origin string) bool {
	asked := strings.ToLower(origin)
	for _, allowed := range p.origins {
		if allowed == "*" || allowed == asked {
			return true
		}
		// The host must have something before the domain: https://.example.org is none.
		scheme, domain, found := strings.Cut(allowed, "*")
		if found && len(asked) >= len(allowed) && strings.HasPrefix(asked, scheme) && strings.HasSuffix(asked, domain) {
			return true
		}
	}
	return false
}

func (p *pluginContext) allowedOrigin(origin string) string {
	if p.anyOrigin() {
		return "*"
	}
	return origin
}

func (p *pluginContext) NewHttpContext(uint32) types.HttpContext {
	return &httpContext{plugin: p}
}

type httpContext struct {
	types.DefaultHttpContext
	plugin *pluginContext
	// Of an allowed cross-origin request.
	origin   string
	answered bool
}

// requestHeader is "" where there is none.
func requestHeader(name string) string {
	value, _ := proxywasm.GetHttpRequestHeader(name)
	return value
}

func (h *httpContext) OnHttpRequestHeaders(int, bool) types.Action {
	p := h.plugin
	origin := requestHeader("origin")
	if origin == "" || !p.allows(origin) {
		return types.ActionContinue
	}
	if requestHeader(":method") != "OPTIONS" || requestHeader("access-control-request-method") == "" {
		h.origin = origin
		return types.ActionContinue
	}
	reply := [][2]string{
		{"access-control-allow-origin", p.allowedOrigin(origin)},
		{"access-control-allow-methods", p.methods},
	}
	if p.headers != "" {
		reply = append(reply, [2]string{"access-control-allow-headers", p.headers})
	}
	if p.credentials {
		reply = append(reply, [2]string{"access-control-allow-credentials", "true"})
	}
	if p.maxAge != "" {
		reply = append(reply, [2]string{"access-control-max-age", p.maxAge})
	}
	reply = append(reply, [2]string{"vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"})
	if err := proxywasm.SendHttpResponse(204, reply, nil, -1); err != nil {
		proxywasm.LogErrorf("the preflight request could not be answered: %v", err)
		return types.ActionContinue
	}
	h.answered = true
	return types.ActionPause
}

func (h *httpContext) OnHttpResponseHeaders(int, bool) types.Action {
	p := h.plugin
	if h.answered {
		return types.ActionContinue
	}
	// Caches must keep answers to different origins apart, those to none included.
	if !p.anyOrigin() {
		proxywasm.AddHttpResponseHeader("vary", "Origin")
	}
	if h.origin == "" {
		return types.ActionContinue
	}
	proxywasm.ReplaceHttpResponseHeader("access-control-allow-origin", p.allowedOrigin(h.origin))
	if p.credentials {
		proxywasm.ReplaceHttpResponseHeader("access-control-allow-credentials", "true")
	}
	if p.exposed != "" {
		proxywasm.ReplaceHttpResponseHeader("access-control-expose-headers", p.exposed)
	}
	return types.ActionContinue
}
