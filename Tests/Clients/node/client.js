// node's own HTTP/2 client: sessions, streams, trailers, cancellation, GOAWAY. Prints one JSON document.
const http2 = require('node:http2');

const [, , url, what] = process.argv;
const session = http2.connect(url);
session.on('error', (error) => finish({ error: error.code || String(error) }));

function finish(value) {
  console.log(JSON.stringify(value));
  session.close();
  setTimeout(() => process.exit(0), 200).unref();
}

function ask(head, body, trailers) {
  return new Promise((resolve, reject) => {
    const stream = session.request(head, { waitForTrailers: trailers !== undefined, endStream: body === undefined && trailers === undefined });
    const seen = { length: 0, trailers: null };
    stream.on('response', (headers) => { seen.status = headers[':status']; });
    stream.on('trailers', (headers) => { seen.trailers = { ...headers }; });
    stream.on('data', (data) => { seen.length += data.length; seen.text = seen.length < 5000 ? (seen.text || '') + data : undefined; });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('end', () => resolve(seen));
    stream.on('error', reject);
    if (body !== undefined || trailers !== undefined) stream.end(body);
  });
}

const works = {
  async many() {
    const paths = Array.from({ length: 60 }, (_, number) => `/bytes/${number * 500}`);
    const seen = await Promise.all(paths.map((path) => ask({ ':path': path })));
    finish(seen.map((one) => [one.status, one.length]));
  },
  async trailers() {
    finish(await ask({ ':path': '/', ':method': 'POST' }, 'body', { 'x-last': 'word' }));
  },
  async cancel() {
    const stream = session.request({ ':path': '/bytes/50000000' });
    stream.on('error', () => {});
    stream.once('data', () => stream.close(http2.constants.NGHTTP2_CANCEL));
    await new Promise((resolve) => stream.on('close', resolve));
    finish(await ask({ ':path': '/bytes/3' }));
  },
  async ping() {
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    for (let number = 0; number < 50; number += 1) {
      await new Promise((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
    }
    finish(await ask({ ':path': '/bytes/3' }));
  },
  async upload() {
    finish(await ask({ ':path': '/', ':method': 'POST' }, Buffer.alloc(3000000)));
  },
  async settings() {
    session.once('remoteSettings', (settings) => finish({ streams: settings.maxConcurrentStreams, window: settings.initialWindowSize }));
  },
};
works[what]().catch((error) => finish({ error: error.code || String(error) }));
