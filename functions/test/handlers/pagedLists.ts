import { KubeConfig } from "@kubernetes/client-node";
import { type LyingRequest, startLyingProxy } from "../../../packages/local/test/kubernetes/lyingProxy.ts";
import type { Kubernetes } from "@cliscale/local/kubernetes";

/** A proxy before the stand-in that hands lists out in pages, as an API server does, which the stand-in itself does not. */
export interface PagedApi {
  url: string;
  /** The requests that have come by: `GET jobs 0` is the list of Jobs from its beginning. */
  requests: string[];
  /** Codes with which the next requests for pages after the first are refused. */
  refusals: number[];
  close(): Promise<void>;
}

export async function startPagedApi(kubernetes: Kubernetes, pageSize: number): Promise<PagedApi> {
  const requests: string[] = [];
  const refusals: number[] = [];
  const offsets = new WeakMap<LyingRequest, number>();
  const proxy = await startLyingProxy(kubernetes, {
    request(request) {
      const { pathname, searchParams } = request.url;
      const offset = Number(searchParams.get("continue"));
      searchParams.delete("continue");
      const collection = /\/(jobs|pods)$/.exec(pathname)?.[1];
      if (request.method === "GET" && collection) offsets.set(request, offset);
      requests.push(`${request.method} ${collection ?? pathname} ${offset}`);
    },
    answer(answer, request) {
      const offset = offsets.get(request);
      if (offset === undefined || answer.status !== 200) return;
      const refusal = offset > 0 ? refusals.shift() : undefined;
      if (refusal !== undefined) {
        answer.status = refusal;
        answer.body = { kind: "Status", status: "Failure", code: refusal, reason: "Expired" };
        return;
      }
      const { items } = answer.body as { items: unknown[] };
      answer.body.items = items.slice(offset, offset + pageSize);
      if (items.length > offset + pageSize) answer.body.metadata.continue = String(offset + pageSize);
    },
  });
  const config = new KubeConfig();
  config.loadFromFile(proxy.kubeconfigPath);
  return { url: config.getCurrentCluster()!.server, requests, refusals, close: proxy.close };
}
