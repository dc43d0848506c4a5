import { get as getPlain, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { get as getSecure } from 'node:https'

const maxRedirects = 5

/**
 * Asks for a file over http or https and follows redirections. The answer's body streams and must be read or destroyed.
 * Not `fetch`: Node's ends the whole process with a failed assertion when a server closes the connection while the reader
 * of a long body holds back.
 * @throws the connection's error, or the signal's reason
 */
export async function httpGet(
  url: string,
  options: { readonly headers?: OutgoingHttpHeaders; readonly signal?: AbortSignal } = {},
): Promise<IncomingMessage> {
  let at = new URL(url)
  for (let redirects = 0; ; redirects++) {
    const response = await request(at, options)
    const to = response.headers.location
    if (to === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return response
    response.destroy()
    if (redirects >= maxRedirects) throw new Error(`more than ${maxRedirects} redirections`)
    const next = new URL(to, at)
    // What was asked for over a safe connection is not fetched over another.
    if (at.protocol === 'https:' && next.protocol !== 'https:')
      throw new Error(`a redirection to ${next.origin}, which is not https`)
    at = next
  }
}

function request(
  url: URL,
  { headers = {}, signal }: { readonly headers?: OutgoingHttpHeaders; readonly signal?: AbortSignal },
): Promise<IncomingMessage> {
  const get = url.protocol === 'https:' ? getSecure : getPlain
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error(`${url.protocol} addresses cannot be asked`)
  return new Promise((resolve, reject) => {
    const asked = get(
      url,
      { headers: { 'user-agent': 'nelumbo', ...headers }, agent: false, ...(signal === undefined ? {} : { signal }) },
      resolve,
    )
    asked.on('error', (e) => reject(signal?.aborted === true ? (signal.reason as Error) : e))
  })
}
