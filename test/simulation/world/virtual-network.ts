import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Server } from 'node:net';
import { Duplex } from 'node:stream';
import { activeWorld } from './active-world.ts';
import type { Instance, World } from './world.ts';

const require = createRequire(import.meta.url);

/** One way, in ms. */
const LATENCY_MS = { min: 0.1, max: 1.2, rare: 12, rarely: 0.02 } as const;
const CONNECT_MS = 0.3;

interface Listener {
  readonly owner: Instance;
  readonly server: Server;
  readonly port: number;
}

/** The connections of a world: bytes take their time, and arrive in order. */
export class Network {
  readonly world: World;
  readonly sockets = new Set<VirtualSocket>();
  /** What takes no connection though it lives. */
  readonly refusing = new Set<Instance>();
  readonly #listeners = new Map<number, Listener>();
  #nextPort = 20_000;
  #nextId = 0;

  constructor(world: World) {
    this.world = world;
  }

  nextId(): number {
    this.#nextId += 1;
    return this.#nextId;
  }

  listen(server: Server, port: number): number {
    const taken = port === 0 ? this.#nextPort++ : port;
    this.#listeners.set(taken, { owner: this.world.current, server, port: taken });
    return taken;
  }

  unlisten(server: Server): void {
    for (const [port, listener] of this.#listeners) {
      if (listener.server === server) this.#listeners.delete(port);
    }
  }

  portOf(server: Server): number | null {
    return [...this.#listeners.values()].find((listener) => listener.server === server)?.port ?? null;
  }

  servers(): readonly Server[] {
    return [...this.#listeners.values()].map(({ server }) => server);
  }

  listener(port: number): Listener | undefined {
    const listener = this.#listeners.get(port);
    if (listener === undefined || !listener.owner.alive) return undefined;
    return this.refusing.has(listener.owner) ? undefined : listener;
  }

  latency(): number {
    const { random } = this.world;
    return random.next() < LATENCY_MS.rarely
      ? random.between(LATENCY_MS.max, LATENCY_MS.rare)
      : random.between(LATENCY_MS.min, LATENCY_MS.max);
  }

  /** The kernel of a process that has ended closes its connections. */
  drop(instance: Instance): void {
    for (const socket of this.sockets) {
      if (socket.owner === instance) socket.hangUp();
    }
    for (const [port, { owner }] of this.#listeners) {
      if (owner === instance) this.#listeners.delete(port);
    }
  }

  /** Between two processes, or all of one. */
  between(one: Instance, other?: Instance): VirtualSocket[] {
    return [...this.sockets].filter(
      (socket) => socket.owner === one && (other === undefined || socket.peer?.owner === other),
    );
  }
}

let network: Network | null = null;

export function enterNetwork(entered: Network | null): void {
  network = entered;
}

/** One end of a connection. */
export class VirtualSocket extends Duplex {
  readonly id: number;
  readonly owner: Instance;
  readonly remoteAddress = '127.0.0.1';
  readonly remoteFamily = 'IPv4';
  readonly remotePort: number;
  readonly localAddress = '127.0.0.1';
  readonly localPort: number;
  peer: VirtualSocket | null = null;
  connecting = true;
  bytesRead = 0;
  bytesWritten = 0;
  timeout = 0;
  /** The next bytes that would arrive here are lost, and the connection breaks. */
  losesNext = false;
  /** Bytes were lost: nothing that came after them may arrive, as in TCP. */
  #isBroken = false;
  readonly #network: Network;
  #lastArrival = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(of: Network, owner: Instance, ports: { readonly local: number; readonly remote: number }) {
    super({ allowHalfOpen: false, emitClose: true, autoDestroy: true });
    this.#network = of;
    this.id = of.nextId();
    this.owner = owner;
    this.localPort = ports.local;
    this.remotePort = ports.remote;
    of.sockets.add(this);
  }

  get pending(): boolean {
    return this.connecting;
  }

  get readyState(): string {
    return this.connecting ? 'opening' : this.destroyed ? 'closed' : 'open';
  }

  open(peer: VirtualSocket): void {
    this.peer = peer;
    this.connecting = false;
  }

  /** The other end learns that this one is gone, though its process cannot say so any more. */
  hangUp(): void {
    this.#network.sockets.delete(this);
    this.#arriveAtPeer('hang up', (peer) => peer.push(null));
  }

  /** Both ends learn of it. */
  reset(): void {
    const { world } = this.#network;
    const ends = [this, this.peer].filter((end) => end !== null);
    for (const end of ends) {
      world.after(this.#network.latency(), end.owner, `reset ${end.id}`, () => {
        if (!end.destroyed) end.destroy(errorOf('ECONNRESET', 'read ECONNRESET'));
      });
    }
  }

  setTimeout(ms: number, listener?: () => void): this {
    this.timeout = ms;
    if (listener !== undefined) this.once('timeout', listener);
    this.#touch();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): { address: string; family: string; port: number } {
    return { address: this.localAddress, family: 'IPv4', port: this.localPort };
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    this.reset();
    return this.destroy();
  }

  override _read(): void {
    // Bytes are pushed as they arrive.
  }

  override _write(
    chunk: Buffer | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
    if (this.connecting) {
      this.once('connect', () => this._write(bytes, 'binary', done));
      return;
    }
    this.#touch();
    this.bytesWritten += bytes.length;
    this.#arriveAtPeer(`bytes ${bytes.length} ${digestOf(bytes)}`, (peer) => peer.#receive(bytes));
    process.nextTick(done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#arriveAtPeer('end', (peer) => peer.push(null));
    process.nextTick(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#network.sockets.delete(this);
    this.#arriveAtPeer('closed', (peer) => peer.push(null));
    done(error);
  }

  #receive(bytes: Buffer): void {
    if (this.#isBroken) return;
    if (this.losesNext) {
      this.losesNext = false;
      this.#isBroken = true;
      this.reset();
      return;
    }
    this.bytesRead += bytes.length;
    this.#touch();
    this.push(bytes);
  }

  #arriveAtPeer(what: string, deliver: (peer: VirtualSocket) => void): void {
    const { peer } = this;
    if (peer === null) return;
    const { world } = this.#network;
    this.#lastArrival = Math.max(this.#lastArrival, world.now + this.#network.latency());
    world.after(this.#lastArrival - world.now, peer.owner, `${what} ${peer.id}`, () => {
      if (!peer.destroyed && !peer.readableEnded) deliver(peer);
    });
  }

  #touch(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = this.timeout === 0 ? null : setTimeout(() => this.emit('timeout'), this.timeout);
  }
}

const errorOf = (code: string, message: string): Error => Object.assign(new Error(message), { code });

function digestOf(bytes: Buffer): string {
  let digest = 0;
  for (let at = 0; at < bytes.length; at += 1) digest = (Math.imul(digest, 31) + (bytes[at] ?? 0)) >>> 0;
  return digest.toString(16);
}

function connect(of: Network, port: number): VirtualSocket {
  const { world } = of;
  const client = new VirtualSocket(of, world.current, { local: 50_000, remote: port });
  world.after(CONNECT_MS + of.latency(), world.nature, `connect ${port}`, () => {
    const listener = of.listener(port);
    if (client.destroyed) return;
    if (listener === undefined) {
      world.after(of.latency(), client.owner, `refused ${client.id}`, () => {
        client.destroy(errorOf('ECONNREFUSED', `connect ECONNREFUSED 127.0.0.1:${port}`));
      });
      return;
    }
    const served = new VirtualSocket(of, listener.owner, { local: port, remote: 50_000 });
    client.peer = served;
    served.open(client);
    world.after(0, listener.owner, `accept ${served.id}`, () => listener.server.emit('connection', served));
    world.after(of.latency(), client.owner, `connected ${client.id}`, () => {
      if (client.destroyed) return;
      client.open(served);
      client.emit('connect');
      client.emit('ready');
    });
  });
  return client;
}

interface Net {
  connect: (...args: unknown[]) => unknown;
  createConnection: (...args: unknown[]) => unknown;
  readonly Server: { readonly prototype: Record<string, (...args: unknown[]) => unknown> };
}

/** Puts the network of the active world behind `node:net`. */
export function installVirtualNetwork(): void {
  const net = require('node:net') as Net;
  const realConnect = net.connect;
  const connectTo = (...args: unknown[]): unknown => {
    if (activeWorld() === null || network === null) return realConnect(...args);
    const [options] = args as [{ readonly port?: number | string }];
    return connect(network, Number(options.port ?? 80));
  };
  net.connect = connectTo;
  net.createConnection = connectTo;
  const { prototype } = net.Server;
  const real = { listen: prototype['listen'], close: prototype['close'], address: prototype['address'] };
  prototype['listen'] = function listen(this: Server, ...args: unknown[]): unknown {
    if (activeWorld() === null || network === null) return real.listen?.apply(this, args);
    const [first] = args;
    const port = typeof first === 'object' ? Number((first as { port?: number }).port ?? 0) : Number(first);
    const done = args.find((each) => typeof each === 'function');
    if (done !== undefined) this.once('listening', done as () => void);
    network.listen(this, port);
    process.nextTick(() => this.emit('listening'));
    return this;
  };
  prototype['close'] = function close(this: Server, ...args: unknown[]): unknown {
    if (network === null || network.portOf(this) === null) return real.close?.apply(this, args);
    network.unlisten(this);
    const [done] = args;
    if (typeof done === 'function') this.once('close', done as () => void);
    process.nextTick(() => this.emit('close'));
    return this;
  };
  prototype['address'] = function address(this: Server): unknown {
    const port = network?.portOf(this) ?? null;
    return port === null ? real.address?.apply(this) : { address: '127.0.0.1', family: 'IPv4', port };
  };
  syncBuiltinESMExports();
}
