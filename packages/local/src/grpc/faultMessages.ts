import type { Faults } from "./faults.ts";

/**
 * Lets the parent process inject faults: `{ inject: FAULT }` over the IPC channel is answered with `{ injected: FAULT }`
 * or `{ refused: REASON }`. Without such a channel nobody can.
 */
export function acceptFaults(inject: Faults["inject"]): void {
  if (!process.channel) return;
  process.on("message", (message: { inject?: Parameters<typeof inject>[0] } | null) => {
    if (!message?.inject) return;
    try {
      inject(message.inject);
      process.send?.({ injected: message.inject });
    } catch (error) {
      process.send?.({ refused: String(error) });
    }
  });
}
