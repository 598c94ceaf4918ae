import { expect, test } from 'vitest'
import { nodeNaming } from '../node-identity.ts'
import { aBase, type BaseFacts, BUILT_AT_MS } from '../registry/a-base.ts'
import { keys } from './a-tunnel.ts'
import { MEMORY_NAME, memoryOf, remembered } from './memory.ts'

const now = BUILT_AT_MS
const DAY_MS = 24 * 3_600_000
const dead = (id: string, agoMs = 1_000, facts: BaseFacts = {}) =>
  aBase({ id, reach: { state: 'dead', sinceMs: now - agoMs, why: 'silent' }, ...facts })
const reader = { nodeNameOf: nodeNaming('virtual-node-{identity}', 'dev'), rememberMs: DAY_MS, nowMs: now }
const ids = (memory: ReturnType<typeof memoryOf>) => remembered(memory, reader).map(({ id }) => id)

test('a dead base is remembered with its foreign modules, and comes back dead, under its Node name', () => {
  const foreign = keys('shipped:1')
  const [record] = remembered(memoryOf([dead('b7', 5_000, { foreign })], 10), reader)
  expect(record).toMatchObject({
    id: 'b7',
    nodeName: 'virtual-node-b7',
    reach: { state: 'dead', sinceMs: now - 5_000 },
    metadata: { name: 'base', version: '1.1.1' },
    servedUntilMs: BUILT_AT_MS,
  })
  expect(record?.foreign).toEqual(foreign)
})

test('an address that others cannot use is remembered as none', () => {
  const address = { unusableIp: '127.0.1.1', hostName: 'h7', port: 0 }
  const [again] = remembered(memoryOf([dead('b7', 5_000, { address })], 10), reader)
  expect(again?.address).toEqual({ hostName: 'h7', port: 0 })
  // As an earlier version wrote it.
  const before = { ip: '127.0.1.1', hostName: 'h7', port: 0 }
  expect(remembered(memoryOf([dead('b7', 5_000, { address: before })], 10), reader)).toMatchObject([{ address }])
})

test('its address is remembered too: the heart of one that returns may have stopped, and nothing else tells it', () => {
  const address = { ip: '10.9.8.7', hostName: 'h7', port: 1238 }
  expect(remembered(memoryOf([dead('b7', 5_000, { address })], 10), reader)).toMatchObject([{ address }])
  expect(remembered(memoryOf([dead('b7', 5_000, { lacking: ['address'] })], 10), reader)[0]).not.toHaveProperty(
    'address',
  )
})

test('one without a record of foreign modules comes back without', () => {
  const [record] = remembered(memoryOf([dead('b7', 5_000, { lacking: ['foreign'] })], 10), reader)
  expect(record).not.toHaveProperty('foreign')
})

test('the living are not in it', () => {
  expect(ids(memoryOf([aBase(), dead('b2')], 10))).toEqual(['b2'])
})

test('it is bounded in number, and the youngest win', () => {
  expect(ids(memoryOf([dead('old', 9_000), dead('young', 1_000)], 1))).toEqual(['young'])
})

test('it is bounded in bytes: a ConfigMap takes no more than a mebibyte', () => {
  const foreign = keys(...Array.from({ length: 500 }, (_, index) => `a-rather-long-module-name-${index}:1.0.0`))
  const many = Array.from({ length: 200 }, (_, index) => dead(`b${index}`, index, { foreign }))
  const memory = memoryOf(many, 1_000)
  expect(JSON.stringify(memory).length).toBeLessThan(1024 * 1024)
  expect(ids(memory).length).toBeGreaterThan(10)
})

test('after a day it is forgotten', () => {
  expect(ids(memoryOf([dead('b2', DAY_MS), dead('b3', DAY_MS - 1)], 10))).toEqual(['b3'])
})

test.each([undefined, '', 'no json', '{}', '[1,{"identity":""},null]'])(
  'a memory that reads %s holds nothing',
  text => {
    const memory = { metadata: { name: MEMORY_NAME }, data: text === undefined ? {} : { 'bases.json': text } }
    expect(remembered(memory, reader)).toEqual([])
  },
)

test('there need be no memory', () => {
  expect(remembered(undefined, reader)).toEqual([])
})
