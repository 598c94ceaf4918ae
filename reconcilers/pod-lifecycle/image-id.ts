/** A module's URL as it may be shown: user info, query and fragment may hold credentials. */
export function imageId(url: string): string {
  if (!URL.canParse(url)) return ''
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  shown.search = ''
  shown.hash = ''
  return shown.toString()
}
