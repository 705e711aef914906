import { config } from "zod";

// Imported before the schemas are: zod would try whether it may compile them, which the Content-Security-Policy forbids and
// reports (https://zod.dev/api#zconfig).
config({ jitless: true });
