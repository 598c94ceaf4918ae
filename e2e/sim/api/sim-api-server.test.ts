import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { aSimApi } from './a-sim-api.ts'
import { type Answers, apiContract } from './api-contract.ts'

const ANSWERS = join(import.meta.dirname, 'fixtures', 'api-answers.json')

apiContract(aSimApi, JSON.parse(readFileSync(ANSWERS, 'utf8')) as Answers)
