import { startTcpProxy } from './tcp-proxy.ts';

export interface ReplyCutter {
  /** Of the Redis behind it. */
  readonly url: string;
  /** How often a connection was cut. */
  readonly cuts: number;
  /** The next command that holds this text is carried out, and its connection breaks before the reply. */
  cutReplyTo(text: string): void;
  /** Before the next command that holds this text is passed on, this is done. */
  beforeSending(text: string, act: () => void): void;
  close(): Promise<void>;
}

/** Stands between a program and Redis, to lose a reply in the worst moment: the command was carried out. */
export async function startReplyCutter(redisUrl: string): Promise<ReplyCutter> {
  const port = Number(new URL(redisUrl).port);
  let doomed: string | null = null;
  let awaited: { readonly text: string; readonly act: () => void } | null = null;
  let cuts = 0;
  const proxy = await startTcpProxy(
    () => port,
    ({ near, far }) => {
      let isCut = false;
      near.on('data', (sent) => {
        if (doomed !== null && sent.includes(doomed)) {
          doomed = null;
          isCut = true;
        }
        if (awaited !== null && sent.includes(awaited.text)) {
          const { act } = awaited;
          awaited = null;
          act();
        }
        far.write(sent);
      });
      far.on('data', (reply) => {
        if (!isCut) {
          near.write(reply);
          return;
        }
        cuts += 1;
        near.destroy();
        far.destroy();
      });
    },
  );
  return {
    url: proxy.urlOf(redisUrl),
    get cuts() {
      return cuts;
    },
    cutReplyTo: (text) => {
      doomed = text;
    },
    beforeSending: (text, act) => {
      awaited = { text, act };
    },
    close: proxy.close,
  };
}
