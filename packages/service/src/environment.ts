import * as z from "zod";

/** Thrown when the environment does not hold what a program needs; its message names every problem. */
export class EnvironmentError extends Error {
  override name = "EnvironmentError";
}

/**
 * Reads the environment once into a typed, frozen object.
 * @throws EnvironmentError naming every variable that is missing or wrong, never its value.
 */
export function readEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<z.infer<z.ZodObject<Shape>>> {
  const result = z.object(shape).safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new EnvironmentError(`these environment variables are missing or wrong:\n${problems.join("\n")}`);
  }
  return Object.freeze(result.data);
}

/** A whole number in a range, written in decimal. */
export const integer = (minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number).pipe(z.number().min(minimum).max(maximum));

export const port = integer(0, 65535);

/** A comma-separated list; spaces around its entries do not count. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ""),
);
