// Preloaded into the Functions emulator's processes (`node --import`). Node writes compiled code into its cache when a process
// ends by itself, but the emulator kills the processes of the functions: without this each compiles everything anew.
import { flushCompileCache } from "node:module";

/** By then a process that was started for a call has loaded what that needs. */
const loadedMilliseconds = 3_000;

setTimeout(flushCompileCache, loadedMilliseconds).unref();
