/** Inputs that are worth knocking with every time: what once broke something, and what looks as if it might. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Failure } from './fuzz.ts'

export interface Entry {
  readonly file: string
  /** What it is about, or what it once broke. */
  readonly why: string
  readonly input: unknown
}

const folderOf = (door: string): string => join(import.meta.dirname, 'corpus', door)

export function readCorpus(door: string): readonly Entry[] {
  return readdirSync(folderOf(door))
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(file => ({ file, ...(JSON.parse(readFileSync(join(folderOf(door), file), 'utf8')) as Omit<Entry, 'file'>) }))
}

/** @returns the file, from the project's root */
export function keep(door: string, { input, why }: Failure): string {
  const name = `${createHash('sha256').update(JSON.stringify(input)).digest('hex').slice(0, 12)}.json`
  mkdirSync(folderOf(door), { recursive: true })
  writeFileSync(join(folderOf(door), name), `${JSON.stringify({ why, input }, undefined, 2)}\n`)
  return `e2e/fuzz/corpus/${door}/${name}`
}
