/** Uses of the probe beside each other (run-vms.ts). */
import type { JsonObject } from '../support/proxy-process.ts'

export interface Use {
  readonly name: string
  /** The name with `-root` and `-vm` else. */
  readonly root?: string
  readonly vm?: string
  readonly vmConfiguration?: string
  /** By phase, of the root context. */
  readonly commands?: readonly string[]
  /** Fields of the plugin and of its VM. */
  readonly extra?: JsonObject
  readonly vmExtra?: JsonObject
}

interface VmCase {
  readonly uses: readonly Use[]
  /** What the probe does in each filter, one request after the other. */
  readonly requests?: readonly string[]
  /** The begin of a line that is waited for. */
  readonly waitFor?: string
}

const refusals = Object.fromEntries(
  (['configure refuse', 'configure trap', 'vm refuse', 'vm trap'] as const).flatMap(fault =>
    [{}, { fail_open: true }, { failure_policy: 'FAIL_RELOAD' }, { failure_policy: 'FAIL_OPEN' }].map(
      (policy): [string, VmCase] => {
        const use: Use = fault.startsWith('vm')
          ? { name: 'one', vmConfiguration: fault.slice(3), extra: policy }
          : { name: 'one', commands: fault.endsWith('trap') ? ['configure trap'] : ['refuse'], extra: policy }
        return [`${fault} ${JSON.stringify(policy)}`, { uses: [use], requests: [''] }]
      },
    ),
  ),
)

const allowed = (...names: string[]): JsonObject => ({
  capability_restriction_config: { allowed_capabilities: Object.fromEntries(names.map(name => [name, {}])) },
})
/** Without which a probe cannot begin and tell. */
const basics = ['proxy_log', 'proxy_get_buffer_bytes', 'proxy_get_header_map_value', 'proxy_on_context_create']
const callbacks = ['proxy_on_vm_start', 'proxy_on_configure', 'proxy_on_request_headers', 'malloc']

/** Counts in the VM's memory, looks at its data. */
const looks = [
  ...['count', 'shared from-a', 'prop plugin_vm_id', 'prop plugin_root_id', 'prop plugin_name'].map(
    each => `rqh ${each}`,
  ),
]

export const vmCases: Readonly<Record<string, VmCase>> = {
  'who shares a VM and its data': {
    uses: [
      { name: 'a', vm: 'v', commands: ['configure share from-a 1 0', ...looks] },
      { name: 'b', vm: 'v', commands: looks },
      { name: 'c', vm: 'w', commands: looks },
      { name: 'd', vm: 'v', vmConfiguration: 'other', commands: looks },
      { name: 'e', vm: 'v', root: 'a-root', commands: looks },
      { name: 'f', vm: '', commands: looks },
      { name: 'g', vm: '', commands: [...looks, 'rsh share from-a g 0'] },
    ],
    requests: ['', ''],
  },
  'queues between VMs': {
    uses: [
      { name: 'a', vm: 'v', commands: ['configure queue q', 'queue pop 1', 'queue pop 1', 'queue pop 7'] },
      { name: 'b', vm: 'v', commands: ['configure queue q', 'configure queue other', 'queue pop 1'] },
      { name: 'c', vm: 'w', commands: ['configure queue q', 'configure resolve v q', 'queue pop 3'] },
    ],
    requests: [
      'rqh resolve v q;rqh resolve w q;rqh resolve _ q;rqh resolve v none;rqh resolve none q;rqh push 77 x;rqh pop 77',
    ],
  },
  'a message wakes who registered the queue': {
    uses: [
      { name: 'a', vm: 'v', commands: ['configure queue q', 'queue pop 1', 'queue pop 1'] },
      { name: 'b', vm: 'w', commands: ['configure resolve v q'] },
    ],
    requests: ['rqh resolve v q;rsh push 1 hello'],
    waitFor: '  pop 1 -> 0',
  },
  'only some host functions': {
    uses: [{ name: 'a', vmExtra: {}, extra: allowed(...basics, ...callbacks) }],
    requests: [
      'rqh get 0 :path;rqh add 0 a b;rqh prop request.path;rqh env;rqh share a b 0;rqh tick 5;rqh call a _;rqh level;rqh reply 200 _ _;rsh count',
    ],
  },
  'only some callbacks': {
    uses: [
      {
        name: 'a',
        extra: allowed(
          ...basics,
          'proxy_on_vm_start',
          'proxy_on_configure',
          'proxy_on_response_headers',
          'proxy_on_log',
        ),
      },
      {
        name: 'b',
        commands: ['rqh env'],
        extra: allowed(...basics, ...callbacks, 'environ_get', 'environ_sizes_get', 'proxy_unknown'),
      },
    ],
    requests: [''],
  },
  'no restriction by an empty list': {
    uses: [{ name: 'a', extra: { capability_restriction_config: {} } }],
    requests: ['rqh level;rqh prop request.path'],
  },
  'environment of the VM': {
    uses: [
      {
        name: 'a',
        vmExtra: { environment_variables: { key_values: { ONE: '1', TWO: 'with space' } } },
        commands: ['rqh env'],
      },
      {
        name: 'b',
        vmExtra: { environment_variables: { host_env_keys: ['SLUICE_TEST', 'SLUICE_NOT_THERE'] } },
        commands: ['rqh env'],
      },
      {
        name: 'c',
        vmExtra: { environment_variables: { key_values: { ONE: '1' }, host_env_keys: ['SLUICE_TEST'] } },
        commands: ['rqh env'],
      },
      { name: 'd', commands: ['rqh env'] },
    ],
    requests: [''],
  },
  'environment with a name twice': {
    uses: [
      {
        name: 'a',
        vmExtra: { environment_variables: { key_values: { SLUICE_TEST: '1' }, host_env_keys: ['SLUICE_TEST'] } },
      },
    ],
  },
  'the end of a stream put off': {
    uses: [{ name: 'a', commands: ['done tick 20', 'done ret 1', 'tick finish', 'tick tick 0'] }],
    requests: [''],
    waitFor: '  tick 0',
  },
  'the end of a stream at once': {
    uses: [{ name: 'a' }],
    requests: ['done prop response.code;log prop response.code;done finish'],
    waitFor: 'delete',
  },
  ...refusals,
}
