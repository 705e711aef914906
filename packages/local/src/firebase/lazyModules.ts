// Preloaded into firebase-tools and into the processes of its Functions emulator (`node --import`). A stack starts one for each
// function that is called, and each would load very many files that it never uses: commands, questions, clients of services that
// nothing here speaks to. What these packages require of their own files is therefore loaded when
// something of it is first used.
import Module from "node:module";

type Load = (request: string, parent: { filename?: string } | undefined, isMain: boolean) => unknown;

const load = Reflect.get(Module, "_load") as Load;
const packages = /[/\\]node_modules[/\\](firebase-tools|firebase-functions)[/\\]lib[/\\]/;

Reflect.set(Module, "_load", ((request, parent, isMain) => {
  const isOwn = request.startsWith(".") && !request.endsWith(".json") && packages.test(parent?.filename ?? "");
  return isOwn ? loadedOnUse(() => load(request, parent, isMain) as object) : load(request, parent, isMain);
}) satisfies Load);

/** Stands for what a module exports, and loads it when anything of that is asked for. */
function loadedOnUse(loadNow: () => object): object {
  let exports: object | undefined;
  const handler: ProxyHandler<object> = {};
  for (const trap of Object.getOwnPropertyNames(Reflect) as (keyof ProxyHandler<object>)[]) {
    handler[trap] = (_target: object, ...rest: unknown[]) =>
      Reflect.apply(Reflect[trap], Reflect, [(exports ??= loadNow()), ...rest]) as never;
  }
  // A proxy may not call fixed what its own object does not have.
  handler.getOwnPropertyDescriptor = (_target, key) => {
    const found = Reflect.getOwnPropertyDescriptor((exports ??= loadNow()), key);
    return found && { ...found, configurable: true };
  };
  return new Proxy(() => undefined, handler);
}
