import { faultAt, type Rule } from './source-file.ts'

const VAGUE = /^(utils?|helpers?|common|types|misc|shared|stuff)$/

/** A file is named for the one concept in it, and so is a folder. */
export const fileNames: Rule = file => {
  const parts = file.path.replace(/(\.(contract|java|chaos|property|test|bench|config))*\.ts$/, '').split('/')
  const vague = parts.find(part => VAGUE.test(part))
  if (vague) return [faultAt(file, 1, `${vague} names no concept: what is in it?`)]
  return parts.every(part => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) ? [] : [faultAt(file, 1, 'names are kebab-case')]
}
