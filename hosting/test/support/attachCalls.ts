import type { Page, Route } from "playwright-core";

/** The page's calls for a token to attach with. */
export const attachCalls = "**/attachSession";

/** Answers a call as the service refuses one. */
export const refuseWith =
  (httpStatus: number, status: string, details: object = {}) =>
  (route: Route) =>
    route.fulfill({
      status: httpStatus,
      headers: { "access-control-allow-origin": "*" },
      json: { error: { status, message: "Refused.", details } },
    });

/** Keeps the answers back until `give`; `isAsked` resolves with the first call. */
export async function holdAttachCalls(page: Page): Promise<{ isAsked: Promise<void>; give: () => void }> {
  const [asked, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await page.route(attachCalls, async (route) => {
    asked.resolve();
    await given.promise;
    await route.continue();
  });
  return { isAsked: asked.promise, give: given.resolve };
}
