/** The simulated API server as the contract speaks to it. */
import type { ContractSide } from './api-contract.ts'
import type { ContractServer, ContractWatch } from './contract/recorder.ts'
import { SimApiServer } from './sim-api-server.ts'

export const uidNumber = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

export function aSimApi(): ContractSide {
  let uids = 0
  const server = new SimApiServer({ now: () => Date.parse('2026-03-01T12:00:00Z'), nextUid: () => uidNumber(++uids) })
  return {
    server: contractServer(server),
    newNamespace: async () => {
      const body = JSON.stringify({ metadata: { name: 'contract-1' } })
      server.call({ method: 'POST', path: '/api/v1/namespaces', body })
      return 'contract-1'
    },
  }
}

const contractServer = (server: SimApiServer): ContractServer => ({
  send: async request => server.call(request),
  watch: async (path, accept) => openWatch(server, path, accept),
  forget: async () => server.compact(),
})

function openWatch(server: SimApiServer, path: string, accept: string | undefined): ContractWatch {
  const lines: string[] = []
  let isOver = false
  const end = (): void => {
    isOver = true
  }
  const watch = server.watch(path, accept, { line: line => lines.push(line), end })
  if ('status' in watch) throw new Error(watch.body)
  return {
    // A caller marks how far a watch has got, and ends it, when it likes: here as soon as nothing is left to tell.
    next: async () => {
      if (lines.length === 0 && !isOver) {
        watch.bookmark()
        end()
      }
      return lines.shift()
    },
    cancel: () => watch.cancel(),
  }
}
