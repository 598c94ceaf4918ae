import { jvmContract } from './jvm-contract.ts'

jvmContract('short series')
