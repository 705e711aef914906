import type { Terminal } from "@xterm/xterm";

/** What a watched page has seen, and what it can be made to believe. */
export interface PageWatch {
  /** The subprotocols that each WebSocket was opened with. */
  offered: string[][];
  /** How each of them was closed: with which code, and whether the page itself had closed it before. */
  closed: { code: number; byPage: boolean }[];
  /** Up to which offset output has come, and how many changes of size. */
  offset: number;
  sizes: number;
  /** How often it has gone on from what was kept, and how often from a snapshot. */
  ring: number;
  snapshot: number;
  /** The xterm that the page shows. */
  terminal: Terminal | undefined;
  /** Moves the page's clock, which knows nothing of timers. */
  moveClock: (milliseconds: number) => void;
  /** Hides the page as another tab in front of it does, or shows it. A headless browser shows all of its pages. */
  setHidden: (isHidden: boolean) => void;
}

/** Runs in a page before its own scripts, and stands alone. */
export function watchPage(): void {
  const watch: PageWatch = {
    offered: [],
    closed: [],
    offset: 0,
    sizes: 0,
    ring: 0,
    snapshot: 0,
    terminal: undefined,
    moveClock: (milliseconds) => {
      ahead += milliseconds;
    },
    setHidden: (next) => {
      isHidden = next;
      document.dispatchEvent(new Event("visibilitychange"));
    },
  };
  Object.assign(globalThis, { watch });

  const SystemDate = Date;
  let ahead = 0;
  const now = () => SystemDate.now() + ahead;
  globalThis.Date = new Proxy(SystemDate, {
    construct: (target, given, self) => Reflect.construct(target, given.length === 0 ? [now()] : given, self) as Date,
    get: (target, name) => (name === "now" ? now : (Reflect.get(target, name) as unknown)),
  });

  let isHidden = false;
  Object.defineProperty(Document.prototype, "hidden", { get: () => isHidden });
  Object.defineProperty(Document.prototype, "visibilityState", { get: () => (isHidden ? "hidden" : "visible") });

  // An xterm is known by where it puts its core.
  // oxlint-disable-next-line no-extend-native -- nothing else tells of an object that a bundled script keeps to itself
  Object.defineProperty(Object.prototype, "_core", {
    configurable: true,
    set(this: Terminal, value: unknown) {
      Object.defineProperty(this, "_core", { value, writable: true, configurable: true, enumerable: true });
      if (typeof this.open === "function" && typeof this.loadAddon === "function") watch.terminal = this;
    },
  });

  const [output, position] = ["0", "3"].map((type) => type.charCodeAt(0));
  globalThis.WebSocket = class extends WebSocket {
    private isLeft = false;

    override close(code?: number, reason?: string) {
      this.isLeft = true;
      super.close(code, reason);
    }

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      watch.offered.push([protocols ?? []].flat());
      this.addEventListener("close", ({ code }) => watch.closed.push({ code, byPage: this.isLeft }));
      let isFirst = true;
      let isSnapshot = false;
      this.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer>) => {
        const message = new Uint8Array(data);
        if (message[0] === position) {
          const told = JSON.parse(new TextDecoder().decode(message.subarray(1))) as Record<string, number | boolean>;
          isSnapshot = told["snapshot"] === true;
          if (isSnapshot) watch.snapshot++;
          else if (isFirst && watch.offered.length > 1) watch.ring++;
          isFirst = false;
          watch.offset = Number(told["offset"]);
          watch.sizes = Number(told["sizes"] ?? 0);
        } else if (message[0] === output) {
          if (isSnapshot) isSnapshot = false;
          else watch.offset += message.length - 1;
        }
      });
    }
  };
}
