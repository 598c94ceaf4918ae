/** Times as the API server writes and reads them. Pure. */

/** The API server reads a Lease's times only with six digits. */
export class MicroTime extends Date {
  override toISOString(): string {
    return super.toISOString().replace('Z', '000Z')
  }
}

/** A cache may hold times as text. */
export const timeMs = (time: Date | string | undefined): number | undefined =>
  time === undefined || time === null ? undefined : new Date(time).getTime()
