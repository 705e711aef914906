import * as z from "zod";
import { text } from "./fields.ts";

const sourceCharacters = 2048;

export const bundleSchema = z
  .strictObject({
    source: text(sourceCharacters)
      .refine((source) => /^(npm:|https:\/\/|template:)./.test(source), "must start with npm:, https:// or template:")
      .describe(
        "`npm:NAME@VERSION`, `https://HOST/…` (a tgz or zip), `https://github.com/OWNER/REPO/tree/COMMIT/FOLDER`, or " +
          "`template:NAME`; `template:shell` always exists.",
      ),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits")
      .optional()
      .describe(
        "SHA-256 of what is downloaded, 64 lower-case hex digits. For `https` only, and required there unless the " +
          "operator lists the host in `CLISCALE_UNPINNED_HOSTS`.",
      ),
  })
  .meta({ id: "Bundle" });
export type Bundle = z.infer<typeof bundleSchema>;
