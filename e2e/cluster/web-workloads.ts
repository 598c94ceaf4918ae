/** Web modules for the journeys: on simulated bases a jar is what its URL says. */
import type { Base } from './base.ts'
import type { Journey } from './journey.ts'
import { deployment, spreadOverBases } from './workloads.ts'

/** A base that can be asked who answers at a path. */
export interface WebBase extends Base {
  answersAt(path: string): string | undefined
}

/** @param path of its manifest; default: its name */
export function webJar(name: string, version: string, query = '', path = name): string {
  return `http://jars.example.com/${name}-${version}.jar?webContextPath=${path}${query.replace('?', '&')}`
}

interface WebDraft {
  readonly journey: Journey
  readonly name?: string
  readonly path?: string
  readonly query?: string
  readonly replicas?: number
  readonly annotations?: Readonly<Record<string, string>>
}

export function webDeployment({ journey, name = 'shop', path = name, query = '', ...draft }: WebDraft): object {
  const image = webJar(name, '1', query, path)
  const strategy = { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  const { replicas = 1, annotations } = draft
  return deployment({
    name,
    namespace: journey.namespace,
    base: journey.name,
    bizName: name,
    version: '1',
    image,
    replicas,
    strategy,
    spec: spreadOverBases(name),
    ...(annotations && { annotations }),
  })
}

/** What releases another version of it. */
export function webPatch(version: string, query = '', path = 'shop'): string {
  const image =
    version === '404' ? 'http://jars.example.com/missing/shop-404.jar' : webJar('shop', version, query, path)
  const containers = [{ name: 'shop', image, env: [{ name: 'BIZ_VERSION', value: version }] }]
  return JSON.stringify({ spec: { template: { spec: { containers } } } })
}
