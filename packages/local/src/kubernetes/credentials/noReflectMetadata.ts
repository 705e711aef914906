// tsyringe, on which @peculiar/x509 is built, refuses to load without the reflect-metadata polyfill. The classes that make
// certificates carry no metadata, so an empty answer serves. A module of its own, because imports run in their order.
Object.assign(Reflect, {
  getMetadata: () => undefined,
  getOwnMetadata: () => undefined,
  defineMetadata: () => undefined,
});
