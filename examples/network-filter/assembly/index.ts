// Guards a protocol of lines (Redis' inline commands, memcached, SMTP, …): who sends a command that the configuration refuses is
// disconnected. Lines are held back until they are whole, so that a command cannot slip through in pieces.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  close_downstream,
  Context,
  Counter,
  FilterStatusValues,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"

const LONGEST_LINE: usize = 8192

class LineGuardRoot extends RootContext {
  /** In upper case. */
  refusedCommands: string[] = []
  refused!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const commands = config.texts("refuse")
    if (commands.length == 0) config.fault("refuse", "must have a command")
    for (let i = 0; i < commands.length; i++) this.refusedCommands.push(commands[i].toUpperCase())
    if (!config.accept()) return false
    this.refused = new Counter("line_guard_refused")
    return true
  }

  createContext(context_id: u32): Context {
    return new LineGuard(context_id, this)
  }
}

class LineGuard extends Context {
  constructor(
    context_id: u32,
    private root: LineGuardRoot,
  ) {
    super(context_id, root)
  }

  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    if (size == 0) return FilterStatusValues.Continue
    const text = String.UTF8.decode(stream_context.data.downstream.get(0, <u32>size))
    if (!text.endsWith("\n") && !end && size < LONGEST_LINE) return FilterStatusValues.StopIteration
    const lines = text.split("\n")
    for (let i = 0; i < lines.length; i++) {
      const command = lines[i].trim().split(" ")[0].toUpperCase()
      if (size < LONGEST_LINE && !this.root.refusedCommands.includes(command)) continue
      this.root.refused.increment()
      log(LogLevelValues.info, "refused: " + (size < LONGEST_LINE ? command : "a line that is too long"))
      close_downstream()
      return FilterStatusValues.StopIteration
    }
    return FilterStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new LineGuardRoot(context_id), "")
