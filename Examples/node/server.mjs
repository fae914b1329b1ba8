// Who the visitor is, asked of Magpie for each request. Node 18 or later, nothing but its standard library.
//   node server.mjs          环境变量: MAGPIE (Magpie 的地址), PORT
import { createServer } from 'node:http'

const magpie = process.env.MAGPIE ?? 'http://127.0.0.1:8080'

/** `{ session }` of a visitor who is signed in, `{ login }` where to send one who is not. */
async function visitor(request) {
  const answer = await fetch(`${magpie}/session`, {
    headers: {
      // The browser's own: the cookie says who it is, the host whose site this is.
      cookie: request.headers.cookie ?? '',
      host: request.headers.host,
      // The login comes back to here.
      'x-forwarded-uri': request.url,
    },
    signal: AbortSignal.timeout(3000),
  })
  if (answer.status === 200) return { session: await answer.json() }
  if (answer.status === 401) return { login: (await answer.json()).login }
  throw new Error(`Magpie answered ${answer.status}`)
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

createServer(async (request, response) => {
  try {
    const { session, login } = await visitor(request)
    if (session) return json(response, 200, { hello: session.openid })
    // A page is sent to the login; a script is told, since a redirect would end at WeChat, where it may not read.
    const isPage = request.headers.accept?.includes('text/html')
    if (!isPage) return json(response, 401, { login })
    response.writeHead(302, { location: login, 'cache-control': 'no-store' }).end()
  } catch (error) {
    // Nobody is let in because Magpie cannot be asked.
    console.error(error.message)
    json(response, 503, { error: 'the login service cannot be reached' })
  }
}).listen(process.env.PORT ?? 3000, '127.0.0.1')
