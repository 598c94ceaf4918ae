/** Looks over the operators of all journeys: what they asked of the API server, against what the roles grant. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audit } from '../control-plane/flags.ts'
import { readUses } from './audit-log.ts'
import { type Grant, grantsOf, readManifests } from './grants.ts'
import { grantsWithoutUse, usesWithoutGrant } from './judge.ts'

const RBAC = join(import.meta.dirname, '..', '..', 'deploy', 'rbac')

export class Audited implements AsyncDisposable {
  readonly audit: Audit & { readonly users: readonly [string] }
  readonly #folder: string

  private constructor(folder: string, user: string) {
    this.#folder = folder
    this.audit = { file: join(folder, 'audit.log'), users: [user] }
  }

  static async of(namespace: string, serviceAccount: string): Promise<Audited> {
    const folder = await mkdtemp(join(tmpdir(), 'koupleless-audit-'))
    return new Audited(folder, `system:serviceaccount:${namespace}:${serviceAccount}`)
  }

  /** @param isWhole all journeys ran: a right that none of them used is one too many */
  async faults(isWhole: boolean, grants: readonly Grant[] = grantsOf(readManifests(RBAC))): Promise<readonly string[]> {
    const uses = await readUses(this.audit.file, this.audit.users[0])
    // One of the manifests alone starts no operator.
    if (uses.length === 0) return isWhole ? ['the audit log knows of no request of the operator: the wrong user?'] : []
    return [...usesWithoutGrant(uses, grants), ...(isWhole ? grantsWithoutUse(grants, uses) : [])]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
