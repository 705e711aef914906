import * as z from "zod";

/** A key of a secret or a config map, which may become the name of a file. */
export const dataKey = z
  .string()
  .max(253)
  .regex(
    /^(?!\.$|\.\.)[-._a-zA-Z0-9]+$/,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.', and must not be '.' or start with '..'",
  );
