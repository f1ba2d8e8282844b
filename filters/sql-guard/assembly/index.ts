// A network filter: reads the statements that clients send to Postgres or MySQL and refuses those that a policy forbids.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  close_downstream,
  close_upstream,
  Context,
  Counter,
  FilterStatusValues,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { MysqlGuard } from "./mysql"
import { Policy } from "./policy"
import { PostgresGuard } from "./postgres"

class SqlGuardRoot extends RootContext {
  policy: Policy = new Policy()

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const policy = this.policy
    policy.read(config)
    if (!config.accept()) return false
    policy.passed = new Counter("sql_guard_passed")
    policy.denied = new Counter("sql_guard_denied")
    policy.unreadable = new Counter("sql_guard_unreadable")
    return true
  }

  createContext(context_id: u32): Context {
    return new SqlGuard(context_id, this)
  }
}

class SqlGuard extends Context {
  private postgres: PostgresGuard
  private mysql: MysqlGuard
  private closed: bool = false

  constructor(
    context_id: u32,
    private root: SqlGuardRoot,
  ) {
    super(context_id, root)
    this.postgres = new PostgresGuard(root.policy)
    this.mysql = new MysqlGuard(root.policy)
  }

  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    if (this.closed) return FilterStatusValues.StopIteration
    const bytes = stream_context.data.downstream.get()
    const next = this.root.policy.isMysql ? this.mysql.next(bytes) : this.postgres.next(bytes)
    if (next === null) return this.close()
    stream_context.data.downstream.set(next)
    return FilterStatusValues.Continue
  }

  onUpstreamData(size: usize, end: bool): FilterStatusValues {
    if (!this.root.policy.isMysql || this.closed) return FilterStatusValues.Continue
    const next = this.mysql.greet(stream_context.data.upstream.get())
    if (next === null) return this.close()
    stream_context.data.upstream.set(next)
    return FilterStatusValues.Continue
  }

  private close(): FilterStatusValues {
    this.closed = true
    this.root.policy.unreadable.increment()
    close_downstream()
    close_upstream()
    return FilterStatusValues.StopIteration
  }
}

registerRootContext((context_id: u32) => new SqlGuardRoot(context_id), "")
