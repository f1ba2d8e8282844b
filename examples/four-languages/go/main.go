// Adds the response header x-served-by with the configuration's text and counts the responses.
package main

import (
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"
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
	name   string
	served proxywasm.MetricCounter
}

func (p *pluginContext) OnPluginStart(int) types.OnPluginStartStatus {
	name, err := proxywasm.GetPluginConfiguration()
	if err != nil || len(name) == 0 {
		proxywasm.LogError("the configuration must be a name")
		return types.OnPluginStartStatusFailed
	}
	p.name = string(name)
	p.served = proxywasm.DefineCounterMetric("served_by_" + p.name)
	return types.OnPluginStartStatusOK
}

func (p *pluginContext) NewHttpContext(uint32) types.HttpContext {
	return &httpContext{plugin: p}
}

type httpContext struct {
	types.DefaultHttpContext
	plugin *pluginContext
}

func (h *httpContext) OnHttpResponseHeaders(int, bool) types.Action {
	if err := proxywasm.AddHttpResponseHeader("x-served-by", h.plugin.name); err != nil {
		proxywasm.LogErrorf("x-served-by: %v", err)
	}
	h.plugin.served.Increment(1)
	return types.ActionContinue
}
