/** Several operators that share the bases of one journey: each a process of its own. */
import { readFile } from 'node:fs/promises'
import { inject } from 'vitest'
import { eventually } from './eventually.ts'
import { OperatorProcess, type OutsideBroker } from './operator-process.ts'

interface Line {
  readonly atMs: number
  readonly message: string
  readonly node?: string
  readonly base?: string
}

export class Replica implements AsyncDisposable {
  readonly operator: OperatorProcess

  constructor(operator: OperatorProcess) {
    this.operator = operator
  }

  static async start(env: string, broker: OutsideBroker): Promise<Replica> {
    const [bundle, kubeconfig] = [inject('operatorBundle'), inject('operatorKubeconfig')]
    return new Replica(await OperatorProcess.start({ bundle, kubeconfig, env, broker }))
  }

  owned(): Promise<number> {
    return this.operator.metric('koupleless_bases_owned')
  }

  /** Lines of its log with that message, since that moment. */
  async lines(message: string, sinceMs = 0): Promise<readonly Line[]> {
    const lines = (await this.operator.log()).split('\n').filter(line => line.includes(message))
    return lines.map(lineOf).filter(line => line.message === message && line.atMs >= sinceMs)
  }

  /** As the kernel does it: nothing of it runs until it goes on. */
  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP')
  }

  /** By the word of the kernel. */
  async isFrozen(): Promise<boolean> {
    const stat = await readFile(`/proc/${this.#pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T')
  }

  thaw(): void {
    process.kill(this.#pid, 'SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.operator[Symbol.asyncDispose]()
  }

  get #pid(): number {
    const { pid } = this.operator
    if (pid === undefined) throw new Error('it does not run')
    return pid
  }
}

function lineOf(text: string): Line {
  const { time, message, node, base } = JSON.parse(text) as {
    time: string
    message: string
    node?: string
    base?: string
  }
  return { atMs: new Date(time).getTime(), message, ...(node && { node }), ...(base && { base }) }
}

/** All bases have an owner among these, and each of these has some. */
export const shared = (replicas: readonly Replica[], bases: number, withinMs = 60_000): Promise<readonly number[]> =>
  eventually(
    `${replicas.length} replicas share ${bases} bases`,
    async () => {
      const owned = await Promise.all(replicas.map(replica => replica.owned()))
      const sum = owned.reduce((a, b) => a + b, 0)
      if (sum === bases && owned.every(count => count > 0)) return owned
      throw new Error(owned.join(', '))
    },
    withinMs,
  )

/** How long after that moment these took over their bases, in order. */
export async function takeovers(
  replicas: readonly Replica[],
  sinceMs: number,
  count: number,
  withinMs = 40_000,
): Promise<readonly number[]> {
  return eventually(
    `${count} bases are taken over`,
    async () => {
      const lines = await Promise.all(replicas.map(replica => replica.lines('base taken over', sinceMs)))
      const took = lines.flat().map(({ atMs }) => atMs - sinceMs)
      if (took.length >= count) return took.sort((a, b) => a - b)
      throw new Error(`${took.length}`)
    },
    withinMs,
  )
}
