/** A reader without scripts: follows no redirect, keeps cookies, posts the page's own forms. */
export interface Browse {
  get(path: string): Promise<Response>;
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** The form key that stands in a page. */
  formKey(path: string): Promise<string>;
  cookie(): string;
}

export function browse(url: string): Browse {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const send = async (path: string, init: RequestInit) => {
    const address = path.startsWith('http') ? path : `${url}${path}`;
    const response = await fetch(address, { ...init, redirect: 'manual', headers: { ...init.headers, Cookie: cookie() } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '') jar.delete(name!);
      else jar.set(name!, value!);
    }
    return response;
  };
  const get = (path: string) => send(path, {});
  return {
    get,
    cookie,
    post: (path, fields, headers = {}) => send(path, { method: 'POST', body: new URLSearchParams(fields), headers }),
    async formKey(path) {
      const text = await (await get(path)).text();
      const match = /name="form_key" value="([^"]+)"/.exec(text);
      if (match === null) throw new Error(`${path} holds no form`);
      return match[1]!;
    },
  };
}
