/** `make test`: every stage, then one line `N passed, N failed`. `--fast`: what `make check` runs. `--only <stage>`. */
import { parseArgs } from 'node:util'
import { conclude, runStages } from './run-stages.ts'
import { STAGES } from './stages.ts'

const { values } = parseArgs({ options: { fast: { type: 'boolean' }, only: { type: 'string' } } })
conclude(
  await runStages(STAGES.filter(({ name, isFast }) => (values.only ? name === values.only : !values.fast || isFast))),
)
