// node's own HTTP/2 server, over plaintext. Prints its port.
const http2 = require('node:http2');

const server = http2.createServer();
server.on('stream', (stream, headers) => {
  let length = 0;
  let last = null;
  stream.on('error', () => {});
  stream.on('trailers', (trailers) => { last = { ...trailers }; });
  stream.on('data', (data) => { length += data.length; });
  stream.on('end', () => {
    const path = headers[':path'];
    if (path.startsWith('/trailers')) {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-length': String(length) }));
      stream.end('with trailers');
    } else if (path.startsWith('/bytes/')) {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(Number(path.split('/')[2]), 'x'));
    } else {
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify({ length, trailers: last }));
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
