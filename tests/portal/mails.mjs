// What the sandbox mails: a mail server of the tests' own on loopback, which takes everything and keeps it. The sandbox is told of
// it by the same variable.

import { createServer } from 'node:net';
import { required, until } from './browser.mjs';

/** What came, the last one at the end: to whom, and what a person reads. */
const mails = [];

/** What a person reads of a mail's lines: behind the head, and in base64, as what is Chinese for the most part comes. */
const read = (lines) => Buffer.from(lines.slice(lines.indexOf('') + 1).join(''), 'base64').toString();

/** SMTP as far as a sender needs it (RFC 5321). */
function converse(socket) {
  let [rest, to, mail] = ['', '', null];
  const hear = (line) => {
    if (mail && line !== '.') {
      mail.push(line);
      return;
    }
    if (mail) mails.push({ to, text: read(mail) });
    const word = line.slice(0, 4).toUpperCase();
    mail = word === 'DATA' ? [] : null;
    if (word === 'RCPT') [, to] = line.match(/<(.*?)>/);
    if (word === 'QUIT') socket.end('221 bye\r\n');
    else socket.write(mail ? '354 go on\r\n' : '250 ok\r\n');
  };
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop();
    lines.forEach(hear);
  });
  socket.write('220 loopback ESMTP\r\n');
}

const { hostname, port } = new URL(required('TANDEM_NOTICES__SMTP_URL'));
createServer(converse).listen(Number(port), hostname);

/** What was mailed to an address last, once there is something. */
export const mailed = (address) => until(`a mail to ${address}`, () => mails.findLast(({ to }) => to === address)?.text);
