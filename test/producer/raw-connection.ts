import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** One TCP connection to a producer, for what no HTTP client sends, or sends only in one order. */
export interface RawConnection {
  readonly socket: Socket;
  send(...pieces: readonly (string | Buffer)[]): void;
  /** The next answer, as soon as all of it has arrived; rejects when the connection ends before. */
  answer(): Promise<RawAnswer>;
  /** Everything received and not yet taken as an answer. */
  received(): string;
  /** Resolves when the other side has closed it, or this one. */
  readonly closed: Promise<void>;
}

export function openRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = '';
  let isOver = false;
  let wake: () => void = () => undefined;
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  socket.on('data', (piece: string) => {
    text += piece;
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    const over = () => {
      isOver = true;
      wake();
      resolve();
    };
    socket.once('end', over).once('close', over);
  });
  return {
    socket,
    send: (...pieces) => {
      for (const piece of pieces) socket.write(piece);
    },
    answer: async () => {
      for (;;) {
        const taken = takeAnswer(text);
        if (taken) {
          text = taken.rest;
          return taken.answer;
        }
        if (isOver) throw new Error(`The connection ended after ${JSON.stringify(text.slice(0, 200))}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    received: () => text,
    closed,
  };
}

function takeAnswer(text: string): { readonly answer: RawAnswer; readonly rest: string } | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.toLowerCase(), value.join(':').trim()] as const;
    }),
  );
  const bodyEnd = headEnd + 4 + Number(headers.get('content-length') ?? 0);
  if (text.length < bodyEnd) return null;
  const status = Number(statusLine.split(' ')[1]);
  return {
    answer: { status, headers, body: text.slice(headEnd + 4, bodyEnd) },
    rest: text.slice(bodyEnd),
  };
}

/** The head of a request, with its empty line. */
export function requestHead(line: string, headers: Readonly<Record<string, string | number>> = {}): string {
  const lines = Object.entries({ Host: 'producer', ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
