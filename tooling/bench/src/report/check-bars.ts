import type { Row } from './summarise.ts'

/** What vaned has to reach in one table, as a multiple of another proxy's figure. */
interface Bar {
  readonly workload: string
  readonly figure: 'cpuMicrosPerRequest' | 'p99Micros'
  readonly label: string
  readonly to: string
  readonly atMost: number
}

const BARS: readonly Bar[] = [
  { workload: 'small', figure: 'cpuMicrosPerRequest', label: 'CPU per request', to: 'nginx', atMost: 2 },
  {
    workload: 'small',
    figure: 'cpuMicrosPerRequest',
    label: 'CPU per request',
    to: '@fastify/http-proxy',
    atMost: 0.5,
  },
  { workload: 'small', figure: 'cpuMicrosPerRequest', label: 'CPU per request', to: 'caddy', atMost: 1 },
  { workload: 'half-load', figure: 'p99Micros', label: 'p99', to: 'nginx', atMost: 2 },
]

/** Says of each of the project's aims that these rows can tell about whether vaned reaches it. */
export function checkBars(workload: string, rows: readonly Row[]): string[] {
  const vaned = rows.find(({ name }) => name === 'vaned')
  return BARS.filter((bar) => bar.workload === workload).flatMap(({ figure, label, to, atMost }) => {
    const own = vaned?.[figure]
    const other = rows.find(({ name }) => name === to)?.[figure]
    if (own === undefined || other === undefined || other === 0) return []
    const ratio = own / other
    return [`${ratio <= atMost ? 'reached' : 'MISSED '}  ${label} ${ratio.toFixed(2)} × ${to}'s, aim ${atMost}`]
  })
}
