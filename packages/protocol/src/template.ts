import * as z from "zod";
import { bundleSchema } from "./bundle.ts";
import { BundleSourceError, isPackageName, parseBundleSource, templateNamePattern } from "./bundleSource.ts";
import { commandSchema, environmentNameSchema } from "./inputs.ts";

/** The template that there always is: no files, and an interactive shell. */
export const shellTemplate: Template = {
  name: "shell",
  title: "Shell",
  description: "An interactive shell in an empty folder.",
  source: "template:shell",
  env: [],
  npmScripts: [],
};

const templateSchema = z
  .strictObject({
    /** What stands behind `template:`. */
    name: z.string().regex(templateNamePattern, "must be lower-case letters, digits and hyphens, 63 at most"),
    title: z.string().min(1).max(80),
    description: z.string().min(1).max(300),
    /** The bundle that the template stands for. */
    source: bundleSchema.shape.source,
    sha256: bundleSchema.shape.sha256,
    /** What is run when the user gives no command; without it, the package's own program. */
    command: commandSchema.optional(),
    /** Names of the variables that the user is asked for. */
    env: z.array(environmentNameSchema).default([]),
    /** npm packages whose install scripts the bundle needs. */
    npmScripts: z.array(z.string().refine(isPackageName, "must be the name of an npm package")).default([]),
  })
  .superRefine((template, context) => {
    const problem = sourceProblem(template.name, template.source);
    if (problem) context.addIssue({ code: "custom", path: ["source"], message: problem, input: template.source });
  });
export type Template = z.infer<typeof templateSchema>;

/** The file of templates that CLISCALE_TEMPLATES names. The shell is put in front where the file leaves it out. */
export const templatesSchema = z
  .array(templateSchema)
  .superRefine((templates, context) => {
    const names = templates.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue;
      context.addIssue({
        code: "custom",
        path: [index, "name"],
        message: "is taken by a template before",
        input: name,
      });
    }
  })
  .transform((templates) =>
    templates.some(({ name }) => name === shellTemplate.name) ? templates : [shellTemplate, ...templates],
  );

/** The one template that stands for itself is the shell, which the runner knows. */
function sourceProblem(name: string, source: string): string | undefined {
  if (name === shellTemplate.name) {
    return source === shellTemplate.source ? undefined : `must be ${shellTemplate.source} in the template of that name`;
  }
  try {
    return parseBundleSource(source).kind === "template" ? "must not be another template" : undefined;
  } catch (error) {
    if (error instanceof BundleSourceError) return error.message;
    throw error;
  }
}
