// Preloaded into firebase-tools (`node --import`). Its Auth emulator compiles a validator for every parameter of Google's API when it
// starts, which takes most of the CPU of a start, and a stack then calls a handful of methods. Exegesis, which compiles
// them, can do so at the first use of each; firebase-tools does not ask it to.
import { createRequire } from "node:module";

interface Exegesis {
  middleware: (document: object, options: object) => Promise<unknown>;
}

const fromHere = createRequire(import.meta.url);
const fromFirebase = createRequire(fromHere.resolve("firebase-tools/package.json"));
const exegesis = fromFirebase("exegesis-express") as Exegesis;
const { middleware } = exegesis;

exegesis.middleware = (document, options) => middleware(document, { ...options, lazyCompileValidationSchemas: true });
