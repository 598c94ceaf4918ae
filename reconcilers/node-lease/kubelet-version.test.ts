import { expect, test } from 'vitest'
import { kubeletVersion } from './kubelet-version.ts'

/** As kubeadm reads it: semver.org's own expression, after an optional v. */
const SEMANTIC =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?$/

test.each([
  ['v1.36.3', '0.1.0', 'v1.36.3-koupleless-0.1.0'],
  ['v1.31.2+k3s1', '0.1.0', 'v1.31.2-koupleless-0.1.0'],
  ['v1.30.5-gke.1014001', '0.1.0', 'v1.30.5-koupleless-0.1.0'],
  ['v1.24.17', '1.0.0-rc.1+build 7', 'v1.24.17-koupleless-1.0.0-rc.1-build-7'],
  ['nonsense', '0.1.0', 'v1.24.0-koupleless-0.1.0'],
  [undefined, '0.1.0', 'v1.24.0-koupleless-0.1.0'],
])('a server that calls itself %s gives a version that tools parse', (server, ours, version) => {
  expect(kubeletVersion(server, ours)).toBe(version)
  expect(version).toMatch(SEMANTIC)
})
