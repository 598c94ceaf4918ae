import { createInterface } from 'node:readline'
import { type Herd, type Reply, runLine } from './prompt.ts'

/**
 * Carries out line after line, until `quit` or the end of the input. At a terminal it prompts; otherwise each line in gives
 * its reply's lines out and then `ok` or `error: why`, and the first line out is `ok`.
 */
export async function attendTerminal(herd: Herd): Promise<void> {
  const isTerminal = process.stdin.isTTY
  const lines = createInterface({
    input: process.stdin,
    ...(isTerminal && { output: process.stdout, prompt: 'bases> ' }),
  })
  console.log(isTerminal ? `${herd.bases.length} bases run; try: help` : 'ok')
  lines.prompt()
  for await (const line of lines) {
    const reply = await runLine(line, herd)
    if (reply.quit) break
    print(reply, isTerminal)
    lines.prompt()
  }
  lines.close()
}

function print({ ok, lines: said }: Reply, isTerminal: boolean): void {
  const shown = ok || isTerminal ? said : []
  for (const line of shown) console.log(line)
  if (!isTerminal) console.log(ok ? 'ok' : `error: ${said.join('; ')}`)
}
