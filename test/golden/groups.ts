/** The list of golden groups. */
import { accessLog } from './cases/access-log.ts'
import { attemptLog } from './cases/attempt-log.ts'
import { badRequests } from './cases/bad-requests.ts'
import { clientAddress } from './cases/client-address.ts'
import { clusterOptions } from './cases/cluster-options.ts'
import { connectionManager } from './cases/connection-manager.ts'
import { http1Options } from './cases/http1-options.ts'
import { connectTunnels } from './cases/connect.ts'
import { basic } from './cases/basic.ts'
import { explored } from './cases/explored.ts'
import { formats } from './cases/formats.ts'
import { earlyData } from './cases/early-data.ts'
import { grpcFilters } from './cases/grpc.ts'
import { hashing } from './cases/hashing.ts'
import { healthCheck } from './cases/health-check.ts'
import { headerMutation } from './cases/header-mutation.ts'
import { headers } from './cases/headers.ts'
import { internalRedirects } from './cases/internal-redirects.ts'
import { localReplies } from './cases/local-replies.ts'
import { routerFields } from './cases/router-fields.ts'
import { upstreamLog } from './cases/upstream-log.ts'
import { durations } from './cases/durations.ts'
import { retries } from './cases/retries.ts'
import { rewrites } from './cases/rewrites.ts'
import { routeStats } from './cases/route-stats.ts'
import { runtimeKeys } from './cases/runtime-keys.ts'
import { routing } from './cases/routing.ts'
import { stats } from './cases/stats.ts'
import { mirroring } from './cases/mirroring.ts'
import { upgrades } from './cases/upgrades.ts'
import { localities } from './cases/localities.ts'
import { cors } from './cases/cors.ts'
import { rateLimits } from './cases/rate-limits.ts'
import { clusterRefresh } from './cases/cluster-refresh.ts'
import { brokenAnswers } from './cases/broken-answers.ts'
import { matcherTree } from './cases/matcher-tree.ts'
import { scopedRoutes } from './cases/scoped-routes.ts'
import { subsets } from './cases/subsets.ts'
import { routeActions } from './cases/route-actions.ts'
import { perFilter } from './cases/per-filter.ts'
import { matchDelegates } from './cases/match-delegate.ts'
import { paths } from './cases/paths.ts'
import { composites } from './cases/composite.ts'
import { streamMatchers } from './cases/stream-matchers.ts'
import { upstreamFilters } from './cases/upstream-filters.ts'
import { tcpProxy } from './cases/tcp.ts'
import { timeouts } from './cases/timeouts.ts'
import type { Group } from './case.ts'

export const groups: readonly Group[] = [
  basic,
  headers,
  badRequests,
  localReplies,
  timeouts,
  retries,
  clusterOptions,
  durations,
  upstreamLog,
  attemptLog,
  earlyData,
  routerFields,
  routing,
  rewrites,
  headerMutation,
  accessLog,
  explored,
  formats,
  tcpProxy,
  stats,
  upstreamFilters,
  upgrades,
  mirroring,
  hashing,
  internalRedirects,
  grpcFilters,
  healthCheck,
  routeStats,
  streamMatchers,
  clientAddress,
  connectionManager,
  matcherTree,
  composites,
  paths,
  matchDelegates,
  perFilter,
  routeActions,
  cors,
  rateLimits,
  clusterRefresh,
  brokenAnswers,
  subsets,
  localities,
  http1Options,
  connectTunnels,
  scopedRoutes,
  ...runtimeKeys,
]
