/** What a test needs cannot be got on this machine without help; the message says which. Anything else is a fault. */
export class NotToBeHad extends Error {
  override readonly name = 'NotToBeHad'
}
