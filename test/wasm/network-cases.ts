/**
 * What the probe module is told to do as a network filter: one listener a case, the commands in its plugin configuration.
 * What came of it in real Envoy is in network-golden.json; `differs` says why sluice is meant to answer otherwise.
 */
import { call } from './foreign-cases.ts'

/**
 * `client` and `server` send text, `end` sends FIN, `reset` RST; each is followed by a wait for `until`: a line of the
 * filter's log (so many of them), or bytes that have arrived at one side.
 */
export interface Step {
  readonly who: 'client' | 'server'
  readonly send?: string
  readonly last?: 'end' | 'reset'
  readonly until?:
    | { readonly log: string; readonly times?: number }
    | { readonly client: string }
    | { readonly server: string }
}

export interface NetworkCase {
  readonly name: string
  readonly probe: readonly string[]
  /** Before tcp_proxy, or before the connection manager (whose upstream answers every request alike). */
  readonly before?: 'tcp' | 'http'
  /** The commands of a use of the module as an access logger of the terminal filter. */
  readonly logger?: readonly string[]
  /** A second use of the module, nearer to the terminal filter. */
  readonly second?: readonly string[]
  readonly steps: readonly Step[]
  readonly differs?: string
}

const downstream = (n: number) => ({ log: 'downstream_data', times: n })
const upstream = (n: number) => ({ log: 'upstream_data', times: n })
const hello: Step = { who: 'client', send: 'hello', until: { server: 'hello' } }
const answer: Step = { who: 'server', send: 'world', until: { client: 'world' } }
const end: Step = { who: 'client', last: 'end', until: { log: 'delete' } }
const get = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

export const networkCases: readonly NetworkCase[] = [
  { name: 'life cycle: the client ends', probe: [], steps: [hello, answer, end] },
  { name: 'life cycle: the server ends', probe: [], steps: [hello, answer, { who: 'server', last: 'end', until: upstream(2) }, end] },
  { name: 'life cycle: the client resets', probe: [], steps: [hello, { who: 'client', last: 'reset', until: { log: 'delete' } }] },
  { name: 'life cycle: the server resets', probe: [], steps: [hello, { who: 'server', last: 'reset', until: { log: 'delete' } }] },
  {
    name: 'buffers: read',
    probe: ['new buf 2 0 10', 'new bufsize 3', 'dn buf 2 0 100', 'dn buf 2 1 2', 'dn buf 2 9 1', 'dn bufsize 3', 'dn buf 3 0 10', 'dn buf 0 0 10', 'up buf 3 0 100', 'up bufsize 2', 'dclose buf 2 0 10', 'log bufsize 2', 'done bufsize 3'],
    steps: [hello, answer, end],
  },
  {
    name: 'buffers: replace',
    probe: ['dn1 bufset 2 0 100 HELLO', 'dn1 buf 2 0 100', 'up1 bufset 3 0 100 WORLD', 'dn1 bufset 3 0 0 x', 'up1 bufset 2 0 0 x'],
    steps: [{ ...hello, until: { server: 'HELLO' } }, { ...answer, until: { client: 'WORLD' } }, end],
  },
  {
    name: 'buffers: prepend, append, drain',
    probe: ['dn1 bufset 2 0 0 <', 'dn1 bufset 2 100 0 >', 'dn1 bufset 2 1 1 x', 'dn1 buf 2 0 100', 'up1 bufset 3 0 2 _', 'up1 bufset 3 3 0 !', 'up1 buf 3 0 100'],
    steps: [{ ...hello, until: { server: '<hello>' } }, { ...answer, until: { client: 'rld!' } }, end],
  },
  {
    name: 'buffers: emptied',
    probe: ['dn1 bufset 2 0 100 _', 'up1 bufset 3 0 100 _'],
    steps: [{ ...hello, until: downstream(1) }, { who: 'client', send: 'two', until: { server: 'two' } }, { ...answer, until: upstream(1) }, { who: 'server', send: 'three', until: { client: 'three' } }, end],
  },
  {
    name: 'stop: bytes add up until the filter lets them go',
    probe: ['dn1 ret 1', 'dn2 ret 1', 'dn3 buf 2 0 100'],
    steps: [{ ...hello, until: downstream(1) }, { who: 'client', send: ' two', until: downstream(2) }, { who: 'client', send: ' three', until: { server: 'three' } }, end],
  },
  {
    name: 'stop: upstream bytes add up',
    probe: ['up1 ret 1', 'up2 buf 3 0 100'],
    steps: [hello, { ...answer, until: upstream(1) }, { who: 'server', send: ' two', until: { client: 'two' } }, end],
  },
  {
    name: 'stop: until a call is answered',
    probe: ['dn1 ret 1', 'dn1 call a :path=/|:method=GET|:authority=a _ 1000', 'call buf 2 0 100', 'call bufset 2 0 5 HELLO', 'call continue 2', 'call buf 2 0 100'],
    steps: [{ ...hello, until: { server: 'HELLO' } }, answer, end],
  },
  {
    name: 'stop: the new connection until a call is answered',
    probe: ['new ret 1', 'new call a :path=/|:method=GET|:authority=a _ 1000', 'call continue 2'],
    steps: [{ ...hello, until: { server: 'hello' } }, answer, end],
  },
  { name: 'stop: the end of the upstream', probe: ['upe ret 1'], steps: [hello, answer, { who: 'server', last: 'end', until: upstream(2) }, end] },
  { name: 'continue what runs', probe: ['dn1 continue 3', 'dn1 continue 4', 'up1 continue 3'], steps: [hello, answer, end] },
  { name: 'close: downstream, in data', probe: ['dn1 close 2'], steps: [{ ...hello, until: { log: 'delete' } }] },
  { name: 'close: upstream, in data', probe: ['dn1 close 3'], steps: [{ ...hello, until: { log: 'delete' } }] },
  { name: 'close: in the new connection', probe: ['new close 2'], steps: [{ who: 'client', until: { log: 'delete' } }] },
  { name: 'close: in upstream data', probe: ['up1 close 2'], steps: [hello, { ...answer, until: { log: 'delete' } }] },
  { name: 'trap: in data', probe: ['dn1 trap'], steps: [{ ...hello, until: { client: 'never' } }] },
  {
    name: 'host functions of streams',
    probe: ['dn1 get 0 :path', 'dn1 add 0 a b', 'dn1 pairs 0', 'dn1 reply 403 d b', 'dn1 continue 0', 'dn1 foreign clear_route_cache _', 'dn1 setprop foo bar', 'dn1 prop foo', 'log get 0 :path'],
    steps: [hello, end],
  },
  {
    name: 'the cluster is the filter\'s choice',
    probe: [
      call('set_envoy_filter_state', { 1: 'envoy.tcp_proxy.cluster', 2: 'second' }, 'new'),
      'dn1 prop xds.cluster_name',
      'dn1 prop filter_state.envoy~tcp_proxy~cluster',
    ],
    steps: [hello, answer, end],
  },
  {
    name: 'properties',
    probe: [
      ...['source.address', 'destination', 'connection.mtls', 'connection.requested_server_name', 'request.path', 'response.code', 'plugin_name', 'xds.cluster_name', 'xds.listener_direction', 'xds.filter_chain_name', 'upstream.address', 'connection.tls_version', 'xds.route_name'].map(name => `dn1 ${name.endsWith('.address') ? 'has' : ''}prop ${name}`),
      'dn1 hasprop destination.port', 'dn1 hasprop connection.id', 'dn1 hasprop connection_id', 'up1 prop xds.cluster_name', 'up1 hasprop upstream.port', 'log hasprop upstream.port', 'log prop connection.termination_details', 'log hasprop request.duration',
    ],
    steps: [hello, answer, end],
  },
  { name: 'two filters', probe: ['dn1 bufset 2 0 0 1'], second: ['dn1 bufset 2 0 0 2', 'up1 bufset 3 0 0 s'], steps: [{ ...hello, until: { server: '21hello' } }, { ...answer, until: { client: 'sworld' } }, end] },
  {
    name: 'access logger of requests',
    before: 'http',
    probe: [],
    logger: [
      ...['get 0 :path', 'get 0 none', 'get 2 :status', 'get 3 a', 'set 0 a b', 'set 2 a b', 'prop request.path'],
      ...['prop response.code', 'prop response.flags', 'prop xds.cluster_name', 'prop plugin_name', 'hasprop request.duration'],
      ...['hasprop source.address', 'buf 7 0 10', 'buf 1 0 10', 'reply 200 d b', 'continue 0', 'hasprop upstream.port'],
    ].map(each => `log ${each}`),
    steps: [
      { who: 'client', send: get, until: { client: '\r\n\r\n' } },
      { who: 'client', last: 'end', until: { log: 'delete' } },
    ],
  },
  {
    name: 'access logger of connections',
    probe: [],
    logger: ['get 0 :path', 'get 2 :status', 'prop request.path', 'prop xds.cluster_name', 'hasprop upstream.port', 'prop xds.route_name'].map(
      each => `log ${each}`,
    ),
    steps: [hello, answer, end],
  },
  {
    name: 'before the connection manager',
    before: 'http',
    probe: ['dn1 buf 2 0 3', 'up1 buf 3 0 15'],
    steps: [{ who: 'client', send: get, until: { client: '\r\n\r\n' } }, { who: 'client', last: 'end', until: { log: 'delete' } }],
  },
  {
    name: 'before the connection manager: one of two requests taken away',
    before: 'http',
    probe: ['dn1 ret 1', 'dn2 bufset 2 0 27 _'],
    steps: [{ who: 'client', send: get, until: downstream(1) }, { who: 'client', send: get, until: { client: '\r\n\r\n' } }, { who: 'client', last: 'end', until: { log: 'delete' } }],
  },
] // biome-ignore format: one case reads best as one line
