import { expect, test } from 'vitest'
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import { doingNow, faultOf } from './maven.ts'

test.each([
  ['Downloading from central: https://repo.example.com/maven2/com/a/b/3.1.7/b-3.1.7.jar', 'fetching b-3.1.7.jar'],
  ['[INFO] Building base 1.1.1                                   [1/7]', 'Building base 1.1.1'],
  ['[INFO] Building jar: target/base.jar', undefined],
])('%s', (line, doing) => {
  expect(doingNow(line)).toBe(doing)
})

test.each([
  'Could not find artifact com.a:b:jar:9 in central (https://repo.example.com/maven2)',
  'Could not transfer artifact com.a:b:pom:9 from/to central (https://repo.example.com): status code: 403',
])('a refused artifact is named in one line: %s', refusal => {
  const goal = 'Failed to execute goal on project base: Could not resolve dependencies for project com.example:base'
  const fault = faultOf(['[INFO] x', `[ERROR] ${goal}: ${refusal} -> [Help 1]`, '[ERROR] '], 1)
  expect(fault).toBeInstanceOf(NotToBeHad)
  expect(fault.message).toContain(`the samples cannot be built: ${refusal}; see that`)
  expect(fault.message).not.toContain('\n')
})

test('any other fault is no matter of what is missing', () => {
  const fault = faultOf(['[ERROR] Base.java:[3,31] cannot find symbol'], 1)
  expect(fault).not.toBeInstanceOf(NotToBeHad)
  expect(fault.message).toBe('mvn package ended with 1: Base.java:[3,31] cannot find symbol')
})
