import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The one address behind which Redis is: a TCP proxy with a door for each process, so that every connection of every
 * process can be cut, frozen or robbed of a reply by itself, and all of them be led to another server.
 */
export interface RedisProxy {
  /** Opens a door; the returned port leads to the target of the moment. */
  open(door: string): Promise<number>;
  /** Where connections lead from now on. Those there are stay where they are until they are cut. */
  lead(port: number): void;
  /** Cuts every connection of a door, or of all. @returns how many */
  cut(door?: string): number;
  /** Nothing passes a door, in neither direction, until it is thawed; nothing is lost. */
  freeze(door: string): void;
  thaw(door: string): void;
  /** Spoils replies at a door, until its occasions are used up or the time is over. @returns how many were spoiled */
  spoil(door: string, rule: SpoilRule, withinMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface SpoilRule {
  /** A command whose bytes hold one of these is an occasion; none: every command is. */
  readonly markers: readonly string[];
  readonly count: number;
  /** `lost`: the command is carried out and its reply is not passed on. `half`: the first half of the reply is. */
  readonly mode: 'lost' | 'half';
}

/** After the first bytes of a spoiled reply, the connection lives so long: the server may have to finish the command. */
const REPLY_GRACE_MS = 25;

interface Door {
  readonly name: string;
  readonly server: Server;
  readonly links: Set<Link>;
  frozen: boolean;
  rule: SpoilRule | null;
  spoiled: number;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  doom: SpoilRule['mode'] | null;
}

export function createRedisProxy(firstPort: number): RedisProxy {
  const doors = new Map<string, Door>();
  let target = firstPort;
  const doorOf = (name: string): Door => {
    const door = doors.get(name);
    if (door === undefined) throw new RangeError(`Cannot find the door ${name}: it was never opened`);
    return door;
  };
  return {
    async open(name) {
      const server = createServer({ pauseOnConnect: true }, (client) => admit(doorOf(name), client, target));
      doors.set(name, { name, server, links: new Set(), frozen: false, rule: null, spoiled: 0 });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    lead: (port) => {
      target = port;
    },
    cut: (name) => {
      const chosen = name === undefined ? [...doors.values()] : [doorOf(name)];
      return chosen.reduce((cut, door) => cut + cutAll(door), 0);
    },
    freeze: (name) => {
      const door = doorOf(name);
      door.frozen = true;
      for (const link of door.links) pause(link);
    },
    thaw: (name) => {
      const door = doorOf(name);
      door.frozen = false;
      for (const link of door.links) resume(link);
    },
    spoil: async (name, rule, withinMs) => {
      const door = doorOf(name);
      door.rule = rule;
      door.spoiled = 0;
      const until = Date.now() + withinMs;
      while (door.spoiled < rule.count && Date.now() < until) await sleep(REPLY_GRACE_MS);
      door.rule = null;
      return door.spoiled;
    },
    close: async () => {
      await Promise.all(
        [...doors.values()].map(async (door) => {
          const closed = once(door.server, 'close');
          door.server.close();
          cutAll(door);
          await closed;
        }),
      );
    },
  };
}

function admit(door: Door, client: Socket, port: number): void {
  const server = connect({ port, host: '127.0.0.1', noDelay: true });
  client.setNoDelay(true);
  const link: Link = { client, server, doom: null };
  door.links.add(link);
  const end = () => {
    door.links.delete(link);
    destroy(link);
  };
  for (const socket of [client, server]) {
    // What a cut connection says of its end is known already; `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', end);
    socket.on('end', end);
  }
  client.on('data', (bytes: Buffer) => {
    if (link.doom === null && isOccasion(door, bytes)) {
      door.spoiled += 1;
      link.doom = door.rule?.mode ?? null;
    }
    pass(bytes, client, server);
  });
  server.on('data', (bytes: Buffer) => {
    if (link.doom === null) return pass(bytes, server, client);
    if (link.doom === 'half') client.write(bytes.subarray(0, bytes.length >> 1));
    server.pause();
    setTimeout(end, REPLY_GRACE_MS);
  });
  if (door.frozen) pause(link);
  else resume(link);
}

function isOccasion({ rule, spoiled }: Door, bytes: Buffer): boolean {
  if (rule === null || spoiled >= rule.count) return false;
  return rule.markers.length === 0 || rule.markers.some((marker) => bytes.includes(marker));
}

/** The receiver's pace is the sender's. */
function pass(bytes: Buffer, from: Socket, to: Socket): void {
  if (to.write(bytes)) return;
  from.pause();
  to.once('drain', () => from.resume());
}

function pause({ client, server }: Link): void {
  client.pause();
  server.pause();
}

function resume({ client, server }: Link): void {
  client.resume();
  server.resume();
}

function destroy({ client, server }: Link): void {
  client.destroy();
  server.destroy();
}

function cutAll(door: Door): number {
  const { size } = door.links;
  for (const link of door.links) destroy(link);
  door.links.clear();
  return size;
}
