// The rule of the wire: whatever the cuts, a client ends with the same screen, scrollback, cursor and modes as one that is
// never cut. Here what a client misses is more than is kept.
import { testSeeds } from "../src/cuts/testCuts.ts";
import { startKeptSession } from "./support/session.ts";

const count = process.env["CLISCALE_TEST_SIZE"] === "full" ? 250 : 8;
testSeeds({ count, first: 1 }, { path: "snapshot", startSession: startKeptSession });
