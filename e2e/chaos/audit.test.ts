import { expect, test } from 'vitest'
import { type AuditedRequest, blindDeletions, busiestSecond } from './audit.ts'

const OPERATOR = 'system:serviceaccount:koupleless-system:module-controller'
const deletes = (username: string, name: string, resource = 'pods', stage = 'RequestReceived'): AuditedRequest => ({
  verb: 'delete',
  user: { username },
  objectRef: { resource, namespace: 'chaos', name },
  stage,
  requestReceivedTimestamp: '2026-01-01T00:00:00Z',
})
const blind = (...requests: readonly AuditedRequest[]): readonly string[] => blindDeletions(requests, OPERATOR)

test('a Pod that its owner or a user deleted is released by the operator, which is right', () => {
  const owner = 'system:serviceaccount:kube-system:replicaset-controller'
  expect(blind(deletes(owner, 'a'), deletes(OPERATOR, 'a'), deletes('admin', 'b'), deletes(OPERATOR, 'b'))).toEqual([])
})

test('a Pod that nobody asked to delete is not the operator to delete', () => {
  const [only] = blind(deletes(OPERATOR, 'a'), deletes('admin', 'a'))
  expect(only).toContain('pods a deleted by system:serviceaccount:koupleless-system:module-controller')
})

test('whoever evicts from a Node that seems lost is seen, and so is any deletion of a Node', () => {
  const found = blind(
    deletes('system:serviceaccount:kube-system:taint-eviction-controller', 'a'),
    deletes('system:serviceaccount:kube-system:pod-garbage-collector', 'b'),
    deletes(OPERATOR, 'virtual-node-b1', 'nodes'),
  )
  expect(found).toHaveLength(3)
})

test('one deletion is told of in several stages, and counts once', () => {
  expect(blind(deletes(OPERATOR, 'a'), deletes(OPERATOR, 'a', 'pods', 'ResponseComplete'))).toHaveLength(1)
})

test('the busiest second is the fullest window of one second, wherever it begins', () => {
  expect(busiestSecond([])).toBe(0)
  expect(busiestSecond([0, 900, 1_100, 1_800, 5_000])).toBe(3)
})
