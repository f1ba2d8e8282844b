/**
 * Cases of gRPC calls and streams. The path's method tells the server (grpc-server.ts) what to do; see there.
 */
import type { ProbeCase } from './probe-cases.ts'

const late = 'rqh ret 1'
const go = 'continue 0'
const call = (method: string, metadata = '_', message = 'hello', timeoutMs = 2000) =>
  `rqh grpc grpc svc.S ${method} ${metadata} ${message} ${timeoutMs}`
const stream = (method: string, metadata = '_') => `rqh gstream grpc svc.S ${method} ${metadata}`

export const grpcCases: readonly ProbeCase[] = [
  { name: 'grpc call: answered', probe: [late, call('Echo', 'x-a=1|x-b=2'), 'grecv buf 5 0 100', 'grecv bufsize 5', 'grecv pairs 4', 'grecv pairs 5', 'grecv status', `grecv ${go}`] },
  { name: 'grpc call: an empty message', probe: [late, call('Echo', '_', '_'), 'grecv buf 5 0 100', `grecv ${go}`] },
  { name: 'grpc call: refused by the server', probe: [late, call('Fail'), 'gend status', 'gend pairs 5', `gend ${go}`] },
  { name: 'grpc call: refused without headers of its own', probe: [late, call('FailAtOnce'), 'gend status', `gend ${go}`] },
  { name: 'grpc call: no message', probe: [late, call('Nothing'), 'gend status', `gend ${go}`] },
  { name: 'grpc call: HTTP status 404', probe: [late, call('Http404'), 'gend status', `gend ${go}`] },
  { name: 'grpc call: no trailers', probe: [late, call('NoTrailers'), 'gend status', `gend ${go}`, `grecv ${go}`] },
  { name: 'grpc call: reset', probe: [late, call('Reset'), 'gend status', `gend ${go}`] },
  { name: 'grpc call: breaks off', probe: [late, call('Break'), 'gend status', `gend ${go}`, `grecv ${go}`] },
  { name: 'grpc call: timeout', probe: [late, call('Hang', '_', 'hello', 50), 'gend status', `gend ${go}`] },
  { name: 'grpc call: nobody listens', probe: [late, call('Echo').replace('grpc grpc', 'grpc grpcdead'), 'gend status', `gend ${go}`] },
  { name: 'grpc call: compressed message', probe: [late, call('Compressed'), 'gend status', `gend ${go}`, `grecv ${go}`] },
  { name: 'grpc call: a GrpcService', probe: [late, call('Echo').replace('grpc grpc', 'grpc 0x0a060a0467727063'), 'grecv buf 5 0 100', `grecv ${go}`] },
  { name: 'grpc call: bad arguments', probe: [call('Echo').replace('grpc grpc', 'grpc none'), 'rqh gsend 99997 a 0', 'rqh gsend 99998 a 0', 'rqh gcancel 99997', 'rqh gclose 99998', 'rqh gcancel 99999', 'rqh gstream none s m _', 'rqh get 4 a', 'rqh bufsize 5', 'rqh set 4 a b'] },
  { name: 'grpc call: cancelled', probe: [call('Hang'), 'rqh gcancel @', 'rqh gcancel @'] },
  {
    name: 'grpc stream: messages both ways',
    probe: [late, stream('Chat', 'x-a=1'), 'rqh gsend @ one 0', 'ginit pairs 4', 'ginit gsend @ two 1', 'grecv buf 5 0 100', 'gtrail get 5 x-t', 'gtrail get 5 grpc-status', 'gend status', `gend ${go}`],
  },
  { name: 'grpc stream: closed by us', probe: [late, stream('Chat'), 'rqh gsend @ one 0', 'grecv gclose @', 'gend status', 'gend gsend @ late 0', `gend ${go}`] },
  { name: 'grpc stream: closed by the server', probe: [late, stream('Fail'), 'gend status', `gend ${go}`] },
  { name: 'grpc stream: cancelled', probe: [late, stream('Chat'), 'rqh gsend @ one 0', 'grecv gcancel @', 'grecv gsend @ two 0', `grecv ${go}`] },
  { name: 'grpc call: a GrpcService with an authority and metadata', probe: [late, call('Echo').replace('grpc grpc', 'grpc 0x0a0c0a04677270631204617574682a0a0a04782d6d6412027631'), `grecv ${go}`] },
  { name: 'grpc stream: nobody listens', probe: [late, stream('Chat').replace('gstream grpc', 'gstream grpcdead'), 'rqh gsend @ one 0', 'ginit pairs 4', 'gtrail pairs 5', 'gend status', `gend ${go}`] },
  { name: 'grpc stream: reset by the server', probe: [late, stream('Reset'), 'rqh gsend @ one 0', 'gend status', `gend ${go}`] },
] // biome-ignore format: one case reads best as one line
