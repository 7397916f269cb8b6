/** A TLS front before a plain server on this machine, as a reverse proxy is: same bytes inside, a certificate outside. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";

const TLS = join(import.meta.dirname, "../fixtures/tls");
/** The authority that signed the front's certificate; no system trusts it. */
export const AUTHORITY_FILE = join(TLS, "authority.pem");

export async function startTlsFront(port: number) {
  const read = (name: string) => readFileSync(join(TLS, name));
  const front = createServer({ key: read("server.key"), cert: read("server.pem") }, (outside) => {
    const inside = connect(port, "127.0.0.1");
    outside.pipe(inside).pipe(outside);
    for (const end of [outside, inside])
      end.on("error", () => {
        outside.destroy();
        inside.destroy();
      });
  });
  front.on("tlsClientError", () => {});
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    url: `https://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(front, "close");
      front.close();
      await closed;
    },
  };
}
