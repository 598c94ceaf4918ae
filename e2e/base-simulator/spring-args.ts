/** Spring reads `--server.servlet.contextPath` and `--server.servlet.context_path` as the same property. */
const relaxed = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '')

/** What a module's main hands to SpringApplication.run sets this property. Given twice it reads as a list. */
export function springProperty(args: readonly string[], property: string): string | undefined {
  const values = args.flatMap(arg => {
    const [, name = '', value = ''] = /^--([^=]+)=?(.*)$/s.exec(arg) ?? []
    return relaxed(name) === relaxed(property) ? [value] : []
  })
  return values.length > 0 ? values.join(',') : undefined
}
