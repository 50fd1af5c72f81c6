// Requests in bytes, as llhttp sees them. Standard input: batches, each a length (32 bits, little endian) and pieces of
// the same form. Standard output: the parser's name, then a line of JSON a batch: [[[method, target, length]...], rest]...
'use strict';
const { HTTPParser, methods } = require('_http_common');

const names = process.binding('http_parser').allMethods || methods;

function read(data) {
  const requests = [];
  while (data.length > 0) {
    const parser = new HTTPParser();
    let target = '', method = '', length = 0, begun = false, headed = false, switched = false;
    parser.initialize(HTTPParser.REQUEST, {}, 128 * 1024);
    parser[HTTPParser.kOnMessageBegin] = () => { begun = true; target = ''; length = 0; headed = false; };
    parser[HTTPParser.kOnHeaders] = (fields, url) => { if (!headed) target += url; };
    parser[HTTPParser.kOnHeadersComplete] = (major, minor, fields, number, url, status, text, upgrade) => {
      begun = headed = true;
      method = names[number];
      if (url) target = url;
      switched = upgrade;
      return 0;
    };
    parser[HTTPParser.kOnBody] = (...given) => { length += given.length === 3 ? given[2] : given[0].length; };
    parser[HTTPParser.kOnMessageComplete] = () => {
      begun = false;
      requests.push([method, target, length]);
      target = '';
      length = 0;
    };
    const consumed = parser.execute(data, 0, data.length);
    if (consumed instanceof Error) return [requests, consumed.reason || consumed.code || consumed.message];
    if (switched && consumed < data.length) {
      data = data.subarray(consumed);
      continue;
    }
    return [requests, begun || parser.finish() instanceof Error ? 'part' : 'none'];
  }
  return [requests, 'none'];
}

function readBatch(batch) {
  const answers = [];
  for (let at = 0; at < batch.length;) {
    const size = batch.readUInt32LE(at);
    answers.push(read(Buffer.from(batch.subarray(at + 4, at + 4 + size))));
    at += 4 + size;
  }
  return answers;
}

process.stdout.write(JSON.stringify(`llhttp ${process.versions.llhttp} (node ${process.versions.node})`) + '\n');
let waiting = Buffer.alloc(0);
process.stdin.on('data', (data) => {
  waiting = Buffer.concat([waiting, data]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32LE(0)) {
    const size = waiting.readUInt32LE(0);
    process.stdout.write(JSON.stringify(readBatch(waiting.subarray(4, 4 + size))) + '\n');
    waiting = waiting.subarray(4 + size);
  }
});
