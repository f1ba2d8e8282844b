// A configuration of every kind of member; logs what was read. Run by config.test.ts.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import { get_buffer_bytes, BufferTypeValues, Json, log, LogLevelValues, registerRootContext, RootContext } from "proxy-wasm-sdk-as/assembly"

class Root extends RootContext {
  onStart(size: usize): bool {
    const json = Json.parse(String.UTF8.decode(get_buffer_bytes(BufferTypeValues.VmConfiguration, 0, <u32>size)))
    log(LogLevelValues.info, json === null ? Json.error : json.toString())
    return true
  }

  onConfigure(size: u32): bool {
    const config = this.getConfigurationJson()
    let said = config.text("name") + " " + config.textOr("note", "-") + " " + config.choice("mode", ["on", "off"])
    said += " " + config.integer("count", 1, 9, 5).toString() + " " + config.decimal("share", 0, 1, 0.5).toString()
    said += " " + config.flag("strict", true).toString() + " " + config.texts("tags").join("+")
    const rules = config.list("rules")
    for (let i = 0; i < rules.length; i++) said += " " + rules[i].text("path")
    const inner = config.object("inner")
    said += " " + inner.object("deep").textOr("x", "none")
    const free = config.object("free")
    const keys = free.keys()
    for (let i = 0; i < keys.length; i++) said += " " + keys[i] + "=" + free.text(keys[i])
    log(LogLevelValues.info, said)
    return config.accept()
  }
}

registerRootContext((context_id: u32) => new Root(context_id), "")
