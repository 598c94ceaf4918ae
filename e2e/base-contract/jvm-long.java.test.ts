import { jvmContract } from './jvm-contract.ts'

jvmContract('long series')
