import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface WaitaofProxy extends TcpProxy {
  /** How often a program has waited for the disk. */
  readonly waits: number;
  /** What WAITAOF answers from now on: whether the disk of this Redis has what was written. @default true */
  confirm(isOnDisk: boolean): void;
}

/** As ioredis sends `WAITAOF 1 0 <ms>`. */
const WAITAOF = /\*4\r\n\$7\r\nwaitaof\r\n\$1\r\n1\r\n\$1\r\n0\r\n\$4\r\n\d{4}\r\n/gi;

/**
 * Makes a Redis before 7.2 look like one that has WAITAOF, which no package of Debian 12 has: its version reads as 7.2, and the
 * command is answered in its turn by a script. Real is all but the disk.
 */
export async function startWaitaofProxy(port: number): Promise<WaitaofProxy> {
  let isOnDisk = true;
  let waits = 0;
  const answer = () => {
    waits += 1;
    return `*3\r\n$4\r\nEVAL\r\n$12\r\nreturn {${isOnDisk ? 1 : 0},0}\r\n$1\r\n0\r\n`;
  };
  const proxy = await startTcpProxy(
    () => port,
    ({ near, far }) => {
      near.on('data', (bytes) => {
        far.write(Buffer.from(bytes.toString('latin1').replaceAll(WAITAOF, answer), 'latin1'));
      });
      far.on('data', (bytes) => {
        const text = bytes.toString('latin1').replace(/redis_version:\d\.\d\./, 'redis_version:7.2.');
        near.write(Buffer.from(text, 'latin1'));
      });
    },
  );
  return {
    ...proxy,
    get waits() {
      return waits;
    },
    confirm: (value) => {
      isOnDisk = value;
    },
  };
}
