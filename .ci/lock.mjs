// `npm run lock`: writes package-lock.json so that it works with any registry and on any platform.
// It carries no download addresses. And where the registry at hand lacks an optional package for some other platform, npm leaves
// it out and `npm ci` then refuses the file everywhere: such a package is entered by name, version and platform.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { stdio: 'inherit' });
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const entry of Object.values(lock.packages)) delete entry.resolved;
for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    const words = name.split(/[-/]/);
    const os = SYSTEMS.filter((system) => words.includes(system));
    const cpu = PROCESSORS.filter((processor) => words.includes(processor));
    if (lock.packages[place] !== undefined || os.length + cpu.length === 0) continue;
    if (!/^\d/.test(version)) throw new Error(`${name} is asked for as ${version}; only an exact version can be entered.`);
    lock.packages[place] = {
      version,
      ...(cpu.length === 0 ? {} : { cpu }),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length === 0 ? {} : { os }),
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([left], [right]) => (left < right ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
