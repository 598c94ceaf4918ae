/** `make samples`: the base and the modules of `samples/`, ready to run. */
import { NotToBeHad } from '../control-plane/not-to-be-had.ts'
import { buildSamples } from './samples.ts'

try {
  const samples = await buildSamples()
  process.stdout.write(`the base:    ${samples.path('web-base.jar')}\nits modules: ${samples.folder}\n`)
} catch (error) {
  if (!(error instanceof NotToBeHad)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
