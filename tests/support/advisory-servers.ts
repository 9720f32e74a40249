import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

export interface KnownWeakness {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly package: string;
  /** Versions that have it, exactly. */
  readonly versions: readonly string[];
  readonly title: string;
  /** Where this is set, OSV's entry says so: `2.0.0` is a form nobody knows yet. */
  readonly schemaVersion?: string;
}

export interface AdvisoryServer {
  readonly url: string;
  /** What was asked, request by request. */
  readonly asked: string[];
  /** Answers everything with this from now on; null goes back to real answers. */
  answerWith(reply: { status: number; body: string } | null): void;
  close(): Promise<void>;
}

/** What a version of a package asks for, in the words of its manifest. */
export type PublishedVersions = Readonly<Record<string, Readonly<Record<string, object>>>>;

/**
 * A registry of npm as far as `npm audit`, `npm view` and `npm install --package-lock-only` speak to it: the advisories of a tree at
 * once, and what versions a package has.
 * @param published versions by package, with their manifests; a package that is not here has those that are weak and 99.0.0
 */
export function startNpmRegistry(known: readonly KnownWeakness[], published: PublishedVersions = {}): Promise<AdvisoryServer> {
  return start('/', (request, body) => {
    if (request.method === 'POST' && request.url === '/-/npm/v1/security/advisories/bulk') {
      const tree = z.record(z.string(), z.array(z.string())).parse(JSON.parse(body));
      const hit = known.filter((item) => tree[item.package]?.some((version) => item.versions.includes(version)));
      const answer: Record<string, unknown[]> = {};
      for (const [index, { package: name, id, title, versions }] of hit.entries()) {
        answer[name] = (answer[name] ?? []).concat({
          id: 1000 + index,
          url: `http://127.0.0.1/advisories/${id}`,
          title,
          severity: 'high',
          vulnerable_versions: versions.join(' || '),
          cwe: [],
          cvss: { score: 7.5, vectorString: null },
        });
      }
      return answer;
    }
    const name = decodeURIComponent(request.url?.slice(1) ?? '');
    const versions = known.filter((item) => item.package === name).flatMap((item) => item.versions);
    const own: Readonly<Record<string, object>> =
      published[name] ?? Object.fromEntries((versions.length === 0 ? [] : [...versions, '99.0.0']).map((one) => [one, {}]));
    const latest = Object.keys(own).at(-1);
    if (request.method !== 'GET' || latest === undefined) return null;
    const manifests = Object.entries(own).map(([version, manifest]) => {
      const tarball = `http://${request.headers.host}/${name}/-/${name}-${version}.tgz`;
      return [version, { name, version, ...manifest, dist: { tarball, shasum: '0'.repeat(40) } }];
    });
    return { name, 'dist-tags': { latest }, versions: Object.fromEntries(manifests) };
  });
}

const OsvQuery = z.object({ package: z.object({ name: z.string(), ecosystem: z.literal('PyPI') }), version: z.string() });

/** OSV as far as pip-audit speaks to it: one question a package. */
export function startOsv(known: readonly KnownWeakness[]): Promise<AdvisoryServer> {
  return start('/v1/query', (request, body) => {
    if (request.method !== 'POST') return null;
    const query = OsvQuery.parse(JSON.parse(body));
    const hit = known.filter((item) => item.package === query.package.name && item.versions.includes(query.version));
    if (hit.length === 0) return {};
    return {
      vulns: hit.map(({ id, aliases = [], title, schemaVersion = '1.7.0', package: name }) => ({
        schema_version: schemaVersion,
        id,
        aliases,
        summary: title,
        published: '2026-01-01T00:00:00Z',
        affected: [
          {
            package: { name, ecosystem: 'PyPI' },
            ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '99.0' }] }],
          },
        ],
      })),
    };
  });
}

/** A version on an index of Python packages. */
export interface PythonVersion {
  readonly requires?: readonly string[];
  readonly yanked?: boolean;
  /** sha256 of its files; one that is made of its name and version when left out. */
  readonly hashes?: readonly string[];
}

/** An index of Python packages by its JSON API: `/pypi/NAME/json` and `/pypi/NAME/VERSION/json`. */
export function startPythonIndex(
  published: Readonly<Record<string, Readonly<Record<string, PythonVersion>>>>,
): Promise<AdvisoryServer> {
  const files = (name: string, version: string, { yanked = false, hashes }: PythonVersion) =>
    (hashes ?? [hashOf(name, version)]).map((sha256) => ({ yanked, digests: { sha256 } }));
  return start('/pypi', (request) => {
    const [, name = '', version] = /^\/pypi\/([^/]+)(?:\/([^/]+))?\/json$/.exec(request.url ?? '') ?? [];
    const own = published[name];
    if (own === undefined) return null;
    if (version === undefined)
      return { releases: Object.fromEntries(Object.entries(own).map(([one, what]) => [one, files(name, one, what)])) };
    const what = own[version];
    return what === undefined ? null : { info: { requires_dist: what.requires ?? null }, urls: files(name, version, what) };
  });
}

export function hashOf(name: string, version: string): string {
  return createHash('sha256').update(`${name}==${version}`).digest('hex');
}

function start(path: string, answer: (request: IncomingMessage, body: string) => unknown): Promise<AdvisoryServer> {
  const asked: string[] = [];
  let fixed: { status: number; body: string } | null = null;
  const server = createServer(async (request, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8');
    asked.push(`${request.method} ${request.url} ${body}`);
    const value = fixed === null ? answer(request, body) : null;
    response.setHeader('content-type', 'application/json');
    response.statusCode = fixed?.status ?? (value === null ? 404 : 200);
    response.end(fixed?.body ?? JSON.stringify(value ?? {}));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
        asked,
        answerWith: (reply) => {
          fixed = reply;
        },
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}
